"""Count how often handlers ran again, by what the database said."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastauth_kit.core import database, http

COUNTED: Final[Counter[str]] = Counter()
"""Attempts that failed and were, or would have been, followed by another one."""

PAUSES: Final[Counter[str]] = Counter()
"""After which attempt a handler paused; after the last one it gave up."""


def start_counting() -> None:
    """Listen where handlers ask whether to try again."""
    http.__dict__.update(is_retryable=_counting, _backoff_seconds=_noting_the_attempt)


def counted() -> list[dict[str, int]]:
    """Return what was counted here, for another process."""
    return [dict(COUNTED), dict(PAUSES)]


def add(counted: Sequence[Mapping[str, int]]) -> None:
    """Add what another process counted."""
    for here, there in zip((COUNTED, PAUSES), counted, strict=True):
        here.update(there)


def summary() -> str:
    """Return one line: how many of each kind, and how many after each attempt."""
    return f"retries by kind: {_told(COUNTED)}; by attempt: {_told(PAUSES)}"


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind}: {count}" for kind, count in sorted(counts.items())) or "none"


_is_retryable = database.is_retryable
_backoff_seconds = http._backoff_seconds


def _counting(error: BaseException) -> bool:
    again = _is_retryable(error)
    if again:
        COUNTED[kind_of(error)] += 1
    return again


def _noting_the_attempt(attempt: int) -> float:
    PAUSES[str(attempt)] += 1
    return _backoff_seconds(attempt)


def kind_of(error: BaseException) -> str:
    """Name an error by the code that its driver gives it."""
    found: Any = None
    for link in database._causes(error):
        # MariaDB has states too, but one for many errors
        found = database._number(link) or getattr(link, "sqlstate", None)
        found = found or getattr(link, "sqlite_errorname", None)
        if found:
            return str(found)
    return "lost connection"
