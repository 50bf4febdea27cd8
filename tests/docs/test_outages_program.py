"""What the page on reliability gives callers does what it says."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from tests.docs.programs import load


def limited(seconds: float) -> httpx2.AsyncClient:
    """A client of an app that never ends a request by itself, but one."""
    app = FastAPI()

    @app.get("/silence")
    async def silence() -> None:
        await asyncio.Event().wait()

    @app.get("/quick")
    async def quick() -> str:
        return "done"

    transport = httpx2.ASGITransport(load("outages.py").TimeLimit(app, seconds=seconds))
    return httpx2.AsyncClient(transport=transport, base_url="https://app.test")


async def test_a_request_that_takes_too_long_is_answered_503() -> None:
    async with limited(seconds=0.01) as client:
        answer = await client.get("/silence")

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_request_in_time_is_left_alone() -> None:
    async with limited(seconds=30) as client:
        assert (await client.get("/quick")).json() == "done"


async def test_a_connection_that_dies_at_the_end_is_nobodys_error(tmp_path: Path) -> None:
    program = load("outages.py")
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/app.db")

    class Dying(AsyncSession):
        async def close(self) -> None:
            await super().close()
            raise OperationalError("ROLLBACK", {}, OSError("gone"))

    program.maker.configure(bind=engine)
    program.maker.class_ = Dying
    async for session in program.get_db():
        await session.execute(text("select 1"))
    await engine.dispose()


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_the_engine_for_pgbouncer_keeps_no_prepared_statements(database_url: str) -> None:
    """Through pgbouncer itself it is tried in ``tests/invariants/test_modes.py``."""
    engine = load("outages.py").through_pgbouncer(make_url(database_url))
    async with engine.connect() as connection:
        for _ in range(10):
            await connection.execute(text("select cast(:number as int)"), {"number": 1})
        named = text("select count(*) from pg_prepared_statements where name <> ''")
        kept = await connection.scalar(named)
    await engine.dispose()

    assert kept == 0
