"""Count how often handlers ran again, by what the database said."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from fastauth_kit.core import database, http

COUNTED: Final[Counter[str]] = Counter()
"""Attempts that failed and were, or would have been, followed by another one."""

EXHAUSTED: Final = "given up"
"""Kind of the requests whose last attempt failed too."""


def start_counting() -> None:
    """Listen where handlers ask whether to try again."""
    vars(http).update(is_retryable=_counting, _backoff_seconds=_noting_the_last)


def add(counted: Mapping[str, int]) -> None:
    """Add what another process counted."""
    COUNTED.update(counted)


def summary() -> str:
    """Return one line: how many of each kind."""
    kinds = ", ".join(f"{kind}: {count}" for kind, count in sorted(COUNTED.items()))
    return f"retries by kind: {kinds or 'none'}"


_is_retryable = database.is_retryable
_backoff_seconds = http._backoff_seconds


def _counting(error: BaseException) -> bool:
    again = _is_retryable(error)
    if again:
        COUNTED[kind_of(error)] += 1
    return again


def _noting_the_last(attempt: int) -> float:
    if attempt == http.ATTEMPTS:
        COUNTED[EXHAUSTED] += 1
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
