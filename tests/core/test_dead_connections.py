"""A connection that the pool found dead is replaced, and the request runs again."""

import pytest
from sqlalchemy.exc import DBAPIError

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
