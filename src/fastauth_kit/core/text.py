"""Which text and which JSON the kit's routes accept."""

import json
import re
from collections.abc import Iterable, Iterator
from math import isinf
from typing import Any, cast

MAX_DEPTH = 32
"""Levels of nesting; no body of ours needs more than three."""

MAX_NAME = 64
"""Longest name of a field that an answer repeats."""

_UNACCEPTABLE = re.compile("[\\x00\\ud800-\\udfff]")


class UnacceptableJson(ValueError):
    """The body is not JSON as RFC 8259 has it, or too deep, or says a thing twice."""


def parse_json(body: bytes) -> Any:
    """Parse JSON strictly: UTF-8, finite numbers, no duplicate keys, bounded depth.

    Raises:
        UnacceptableJson: With a sentence that repeats nothing of the input.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_without_duplicates,
        )
    except UnacceptableJson:
        raise
    except UnicodeDecodeError:
        raise UnacceptableJson("The body is not UTF-8.") from None
    except RecursionError:
        raise UnacceptableJson("The body is nested too deeply.") from None
    except ValueError:
        raise UnacceptableJson("The body is not valid JSON.") from None
    if _depth(value) > MAX_DEPTH:
        raise UnacceptableJson("The body is nested too deeply.")
    return value


def is_acceptable(text: str) -> bool:
    """Whether every database can store and every client display this text.

    PostgreSQL refuses NUL; a lone surrogate is no character at all.
    """
    return not _UNACCEPTABLE.search(text)


def printable(text: str, *, at_most: int) -> str:
    """Return what of a text a log or a list can show."""
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text[:at_most]


def repeatable(part: str | int) -> str | int:
    """Return a step on the way to a field as an answer may repeat it.

    A name that a client made up may be long, or not even text.
    """
    if isinstance(part, str) and not (part.isprintable() and len(part) <= MAX_NAME):
        return "..."
    return part


def unacceptable_places(
    value: Any, place: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    """Yield where in a parsed body a text is not acceptable."""
    if isinstance(value, str):
        if not is_acceptable(value):
            yield place
    elif isinstance(value, dict):
        for key, item in cast(dict[str, Any], value).items():
            if is_acceptable(key):
                yield from unacceptable_places(item, (*place, key))
            else:
                yield place
    elif isinstance(value, list):
        for index, item in enumerate(cast(list[Any], value)):
            yield from unacceptable_places(item, (*place, index))


def _refuse_constant(name: str) -> Any:
    raise UnacceptableJson("NaN and Infinity are not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):  # 1e999 would come out as what no answer can carry
        raise UnacceptableJson("A number is too large.")
    return number


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnacceptableJson("The body names a field twice.")
    return found


def _depth(value: Any) -> int:
    """Return how deep a value is nested; walks level by level, without recursion."""
    depth = 0
    level: list[Any] = [value]
    while level:
        depth += 1
        level = [item for parent in level for item in _children(parent)]
    return depth


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast(dict[str, Any], value).values()
    return cast(list[Any], value) if isinstance(value, list) else ()
