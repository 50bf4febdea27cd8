"""A handler runs again when the database asks for it."""

from collections.abc import Callable
from typing import Any

import httpx2
import pymysql
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy.exc import DataError, OperationalError

from fastauth_kit.core import http
from fastauth_kit.core.errors import (
    DatabaseUnavailable,
)
from fastauth_kit.core.http import (
    LONGEST_BACKOFF_SECONDS,
    AuthRoute,
)
from tests.core.test_auth_route import assert_problem

# -- retries ---------------------------------------------------------------------------


def driver_error(kind: type[Exception], *arguments: Any) -> OperationalError:
    return OperationalError("select 1", {}, kind(*arguments))


def failing(error: Callable[[], Exception], times: int) -> tuple[FastAPI, list[int]]:
    """An app whose route fails some times, and the list of its calls."""
    calls: list[int] = []
    router = APIRouter(route_class=AuthRoute)

    @router.get("/")
    async def fail_at_first() -> int:
        calls.append(1)
        if len(calls) <= times:
            raise error()
        return len(calls)

    app = FastAPI()
    app.include_router(router)
    return app, calls


async def ask(app: FastAPI) -> httpx2.Response:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        return await client.get("/")


@pytest.mark.parametrize("error", [DatabaseUnavailable, ConnectionRefusedError])
async def test_an_error_without_a_cause_to_hope_for_is_not_tried_again(
    error: type[Exception],
) -> None:
    """A bare error of the operating system is none of ours: it passes."""
    app, calls = failing(error, 1)
    if error is DatabaseUnavailable:
        assert_problem(await ask(app), 503, "database_unavailable")
    else:
        with pytest.raises(ConnectionRefusedError):
            await ask(app)

    assert len(calls) == 1


async def test_a_driver_that_fails_on_its_own_while_connecting_is_a_503() -> None:
    class FromDriver(Exception):
        sqlstate = "53300"  # too many connections: asyncpg raises it as it is

    app, _ = failing(FromDriver, 1)

    assert_problem(await ask(app), 503, "database_unavailable")


async def test_a_value_that_does_not_fit_its_column_is_a_422() -> None:
    app, _ = failing(lambda: DataError("insert", {}, ValueError("s3cret")), 1)

    answer = await ask(app)

    assert_problem(answer, 422, "validation_error")
    assert "s3cret" not in answer.text


def test_pauses_grow_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http.random, "uniform", lambda _, most: most)

    pauses = [http._backoff_seconds(attempt) for attempt in range(1, 20)]

    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1] == LONGEST_BACKOFF_SECONDS


def test_pauses_are_random() -> None:
    assert len({http._backoff_seconds(8) for _ in range(20)}) > 1


async def test_an_error_of_a_driver_that_says_nothing_is_not_tried_again() -> None:
    """Without number or text nobody can tell that it would help."""
    app, calls = failing(lambda: driver_error(pymysql.err.OperationalError), 1)

    assert_problem(await ask(app), 503, "database_unavailable")
    assert len(calls) == 1


@pytest.mark.parametrize("number", [1213, 1205, 1020])
async def test_contention_by_number_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(http, "_backoff_seconds", lambda _: 0)
    app, calls = failing(lambda: driver_error(pymysql.err.OperationalError, number, "x"), 2)

    assert (await ask(app)).json() == 3
    assert len(calls) == 3


async def test_a_savepoint_that_a_deadlock_took_along_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Going back to it fails in the place of the deadlock."""
    monkeypatch.setattr(http, "_backoff_seconds", lambda _: 0)
    gone = (1305, "SAVEPOINT sa_savepoint_1 does not exist")
    app, calls = failing(lambda: driver_error(pymysql.err.OperationalError, *gone), 1)

    assert (await ask(app)).json() == 2
    assert len(calls) == 2


async def test_a_function_that_is_missing_is_not_tried_again() -> None:
    """It has the number of a missing savepoint."""
    gone = (1305, "FUNCTION app.slugify does not exist")
    app, calls = failing(lambda: driver_error(pymysql.err.OperationalError, *gone), 1)

    with pytest.raises(OperationalError):
        await ask(app)

    assert len(calls) == 1


async def test_contention_is_tried_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "_backoff_seconds", lambda _: 0)
    app, calls = failing(lambda: driver_error(pymysql.err.OperationalError, 1213, "x"), 100)

    assert_problem(await ask(app), 503, "database_unavailable")
    assert len(calls) == http.ATTEMPTS
