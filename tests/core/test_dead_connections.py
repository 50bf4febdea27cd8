"""A connection that the pool found dead is replaced, and the request runs again."""

import pytest
from pymysql import err as mariadb
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from fastauth_kit.core.errors import DatabaseUnavailable
from fastauth_kit.core.http import ATTEMPTS, run_with_retries
from fastauth_kit.core.work import CommitOutcomeUnknown


def cut() -> DBAPIError:
    """Return what SQLAlchemy raises where the connection is gone."""
    return DBAPIError("SELECT 1", {}, Exception("closed"), connection_invalidated=True)


async def test_where_the_connection_was_dead_the_next_attempt_counts() -> None:
    failures = [cut(), cut()]

    async def attempt() -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert await run_with_retries(attempt) == "done"


async def test_where_every_connection_is_dead_the_attempts_end() -> None:
    attempts: list[None] = []

    async def attempt() -> None:
        attempts.append(None)
        raise cut()

    with pytest.raises(DatabaseUnavailable):
        await run_with_retries(attempt)

    assert len(attempts) == ATTEMPTS


async def test_a_commit_whose_outcome_is_unknown_is_never_tried_again() -> None:
    """It may have happened: running the handler again could do the thing twice."""
    attempts: list[None] = []

    async def attempt() -> None:
        attempts.append(None)
        raise CommitOutcomeUnknown from cut()

    with pytest.raises(CommitOutcomeUnknown):
        await run_with_retries(attempt)

    assert len(attempts) == 1


@pytest.mark.parametrize(
    ("number", "text", "again"),
    [
        (1305, "SAVEPOINT sa_savepoint_1 does not exist", True),
        (1305, "FUNCTION app.uuid_v9 does not exist", False),
        (1064, "You have an error near SAVEPOINT", False),
    ],
)
async def test_a_savepoint_that_is_gone_is_told_from_other_errors(
    number: int, text: str, again: bool
) -> None:
    """MariaDB says so in place of the deadlock that took it along."""
    failures = [DBAPIError("ROLLBACK TO SAVEPOINT", {}, mariadb.OperationalError(number, text))]

    async def attempt() -> str:
        if failures:
            raise failures.pop()
        return "done"

    if again:
        assert await run_with_retries(attempt) == "done"
        return
    with pytest.raises(DBAPIError):
        await run_with_retries(attempt)


@pytest.mark.parametrize("driver", ["pymysql", "aiomysql", "asyncmy", "MySQLdb", "mariadb"])
async def test_a_deadlock_is_known_by_its_number_in_every_driver_of_mariadb(driver: str) -> None:
    """Whichever the caller has installed; the errors of each are in its own package."""
    kind = type("OperationalError", (Exception,), {"__module__": f"{driver}.err"})
    failures = [DBAPIError("UPDATE", {}, kind(1213, "Deadlock found"))]

    async def attempt() -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert await run_with_retries(attempt) == "done"


async def test_a_number_of_another_package_says_nothing() -> None:
    kind = type("OddError", (Exception,), {"__module__": "odd.err"})

    async def attempt() -> None:
        raise DBAPIError("UPDATE", {}, kind(1213, "an odd thing"))

    with pytest.raises(DBAPIError):
        await run_with_retries(attempt)


async def test_what_an_error_came_from_counts_too() -> None:
    """Callers wrap the errors of their database in their own."""
    failures = [cut()]

    async def attempt() -> str:
        if failures:
            raise SQLAlchemyError("wrapped") from failures.pop()
        return "done"

    assert await run_with_retries(attempt) == "done"
