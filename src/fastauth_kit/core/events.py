"""What an event is, and what of one may be written down."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any, ClassVar, cast
from uuid import UUID

from fastauth_kit.core.models import UserMixin, is_built_on
from fastauth_kit.core.text import printable

MAX_TEXT = 320
"""Characters of one text that are written down."""

MAX_ITEMS = 50
"""Items of one collection that are written down."""

MAX_CHARACTERS = 4096
"""Characters of all fields together."""

MAX_KIND = 64

_LARGEST = 2**63
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SECRETIVE = frozenset(
    {"password", "passwords", "secret", "secrets", "token", "tokens", "hash", "digest", "cookie"}
)
_TOLD_APART = frozenset({"user_id", "device"})
"""Fields that have a place of their own wherever events are written down."""


class Event:
    """Something that happened, told within the transaction that makes it so.

    A subclass is a frozen dataclass. ``user_id`` is whom it is about, ``device``
    where it came from, where it has one.
    """

    succeeded: ClassVar[bool] = True
    """Whether what was tried came about; ``False`` for a refusal, or an attack noticed."""

    typed: ClassVar[frozenset[str]] = frozenset()
    """Fields with what somebody typed who had not proven who they are: it may be anybody's
    address, or a password in the wrong box. It is never logged."""


def kind_of(event: type[Event]) -> str:
    """Return the name of a kind of event, as rows and log records have it: ``login_failed``."""
    return _WORD_BOUNDARY.sub("_", event.__name__).lower()[:MAX_KIND]


def subject_of(event: Event) -> Any:
    """Return the id of the user whom an event is about, or ``None``."""
    said: Any = event
    if hasattr(event, "user_id"):
        return said.user_id
    user: object = getattr(event, "user", None)
    return said.user.id if is_built_on(type(user), UserMixin) else None


def data_of(event: Event, *, leave_out: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields of an event as JSON, bounded and printable.

    Only values of plain types are taken: whatever else a field holds is left
    out, and so is a field that is called a password, a token or a hash. Texts
    are cut to what can be printed, so that nothing breaks a line of a log.
    """
    found: dict[str, Any] = {}
    room = MAX_CHARACTERS
    for name, value in _fields(event):
        if name in leave_out or name in _TOLD_APART or _is_secretive(name):
            continue
        plain = _plain(value)
        size = len(repr(plain)) + len(name)
        if plain is not _NOT_PLAIN and size <= room:
            found[name] = plain
            room -= size
    return found


def _fields(event: Event) -> Iterator[tuple[str, Any]]:
    if is_dataclass(event):
        for each in fields(event):
            yield each.name, getattr(event, each.name)


def _is_secretive(name: str) -> bool:
    return name.lower().rpartition("_")[2] in _SECRETIVE


_NOT_PLAIN = object()


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; ``_NOT_PLAIN`` for what is not to be written down."""
    match value:
        case None | bool():
            return value
        case str():  # a StrEnum, too
            return printable(str(value), at_most=MAX_TEXT)
        case int():
            return int(value) if abs(value) < _LARGEST else _NOT_PLAIN
        case float():
            return value if isfinite(value) else _NOT_PLAIN
        case UUID() | timedelta():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            return _plain_items(cast("Collection[Any]", value))
        case Mapping():
            return _plain_entries(cast("Mapping[Any, Any]", value))
        case _:
            return _NOT_PLAIN


def _plain_items(items: Collection[Any]) -> list[Any]:
    ordered = sorted(items, key=str) if isinstance(items, set | frozenset) else list(items)
    plain = [_scalar(item) for item in ordered[:MAX_ITEMS]]
    return [item for item in plain if item is not _NOT_PLAIN]


def _plain_entries(entries: Mapping[Any, Any]) -> dict[str, Any]:
    named = {
        printable(name, at_most=MAX_KIND): _scalar(value)
        for name, value in list(entries.items())[:MAX_ITEMS]
        if isinstance(name, str) and not _is_secretive(name)
    }
    return {name: value for name, value in named.items() if value is not _NOT_PLAIN}


def _scalar(value: Any) -> Any:
    """Return a value within a collection: one level is enough, and bounded."""
    is_nested = isinstance(value, Collection) and not isinstance(value, str)
    return _NOT_PLAIN if is_nested else _plain(value)
