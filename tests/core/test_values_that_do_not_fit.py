"""A value that its column refuses: what drivers say, and what the client is told."""

import random
from typing import Any

import pytest
from pymysql import err as mariadb
from sqlalchemy.exc import DBAPIError

from fastauth_kit.core import http
from fastauth_kit.core.database import is_data_error
from fastauth_kit.core.errors import DatabaseUnavailable, InvalidInput
from fastauth_kit.core.http import LONGEST_BACKOFF_SECONDS, run_with_retries


class OfPostgres(Exception):
    """An error as asyncpg and psycopg raise it."""

    def __init__(self, sqlstate: Any) -> None:
        super().__init__("a value, perhaps with a secret in it")
        self.sqlstate = sqlstate


def wrapped(cause: Exception) -> DBAPIError:
    return DBAPIError("UPDATE", {}, cause)


@pytest.mark.parametrize(
    ("cause", "fits"),
    [
        (OfPostgres("22001"), False),
        (OfPostgres("22P05"), False),
        (OfPostgres("23505"), True),
        (OfPostgres(None), True),
        (mariadb.ProgrammingError(1264, "out of range"), False),
        (mariadb.ProgrammingError(1366, "incorrect"), False),
        (mariadb.ProgrammingError(1406, "too long"), False),
        (mariadb.ProgrammingError(1064, "syntax"), True),
        (mariadb.ProgrammingError(), True),
        (OverflowError("Python int too large to convert to SQLite INTEGER"), False),
        (OverflowError("date value out of range"), True),
    ],
)
def test_whether_a_value_fits_is_told_by_the_drivers_code(cause: Exception, fits: bool) -> None:
    assert is_data_error(wrapped(cause)) is not fits


async def test_the_client_is_told_that_a_value_does_not_fit_and_nothing_of_it() -> None:
    async def attempt() -> None:
        raise wrapped(OfPostgres("22001"))

    with pytest.raises(InvalidInput) as refused:
        await run_with_retries(attempt)

    assert refused.value.fields == [
        {"type": "value_error", "loc": ("body",), "msg": "A value does not fit its column."}
    ]


async def test_pauses_before_another_try_grow_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is drawn from nothing up to twice as much as the one before; none follows the last."""
    bounds: list[tuple[float, float]] = []

    def note(least: float, most: float) -> float:
        bounds.append((least, most))
        return 0.0

    async def attempt() -> None:
        raise wrapped(OfPostgres("40001"))

    monkeypatch.setattr(random, "uniform", note)
    monkeypatch.setattr(http, "ATTEMPTS", 9)
    with pytest.raises(DatabaseUnavailable):
        await run_with_retries(attempt)

    assert bounds == [(0, min(LONGEST_BACKOFF_SECONDS, 0.005 * 2**n)) for n in range(1, 9)]
    assert bounds[-1] == (0, LONGEST_BACKOFF_SECONDS)
