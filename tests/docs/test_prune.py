"""The job of the page on pruning deletes what it says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from fastauth_kit import get_auth_router
from tests.docs.programs import load, running, sign_up


async def _left(program: ModuleType) -> int:
    async with program.maker() as session:
        count = await session.scalar(select(func.count()).select_from(program.AuthSession))
    return int(count)


async def _signed_out(program: ModuleType, client: httpx2.AsyncClient, days_ago: int) -> None:
    headers = await sign_up(client)
    assert (await client.post("/api/auth/logout", headers=headers)).status_code == 204
    then = datetime.now(UTC) - timedelta(days=days_ago)
    async with program.maker.begin() as session:
        await session.execute(update(program.AuthSession).values(revoked_at=then))


@pytest.fixture
def program() -> ModuleType:
    """The job, with an app beside it."""
    program = load("prune.py")
    vars(program)["app"] = FastAPI()
    program.app.include_router(get_auth_router(program.auth), prefix="/api/auth")
    return program


@pytest.mark.parametrize(("days_ago", "left"), [(29, 1), (31, 0)])
async def test_the_job_deletes_what_was_over_for_thirty_days(
    program: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    days_ago: int,
    left: int,
) -> None:
    async with running(program, tmp_path) as client:
        await _signed_out(program, client, days_ago)

        await program.main()

        assert await _left(program) == left
    assert capsys.readouterr().out == f"{1 - left} sessions deleted\n"


async def test_the_gentle_one_deletes_after_a_week(program: ModuleType, tmp_path: Path) -> None:
    async with running(program, tmp_path) as client:
        await _signed_out(program, client, 8)

        assert await program.prune_gently() == 1


async def test_the_one_with_a_deadline_stops_at_the_end(
    program: ModuleType, tmp_path: Path
) -> None:
    async with running(program, tmp_path) as client:
        await _signed_out(program, client, 31)

        await program.prune_for(20)

        assert await _left(program) == 0
