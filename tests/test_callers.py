"""The programs in ``tests/typing`` also run, on each database."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.kit_app import bearer
from tests.typing import int_app, uuid_app


@pytest.fixture
async def engine(fresh_database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(fresh_database_url)
    async with engine.begin() as connection:
        for program in (int_app, uuid_app):
            await connection.run_sync(program.Base.metadata.create_all)
            program.maker.configure(bind=engine)
    yield engine
    await engine.dispose()


async def _client(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://app.test")


async def _sign_up(client: httpx2.AsyncClient, **fields: str) -> dict[str, str]:
    account = {"email": "Ada@Example.com", "password": "correct horse battery"}
    registered = await client.post("/api/auth/register", json={**account, **fields})
    assert registered.status_code == 201, registered.text
    tokens = await client.post("/api/auth/login", json=account)
    return bearer(tokens.json())


async def test_ten_lines_give_accounts_and_sessions(engine: AsyncEngine) -> None:
    async with await _client(int_app.app) as client:
        headers = await _sign_up(client, name="Ada")

        hello = await client.get("/hello", headers=headers)

    assert hello.json() == {"id": 1, "name": "Ada"}


async def test_a_caller_with_uuid_keys_adds_columns_hooks_and_own_rows(
    engine: AsyncEngine,
) -> None:
    async with await _client(uuid_app.app) as client:
        headers = await _sign_up(client, company="Analytical Engines")

        written = await client.post("/notes", params={"text": "First"}, headers=headers)
        notes = await client.get("/notes", headers=headers)
        who = await client.get("/who", headers=headers)

    assert written.status_code == 201
    assert notes.json() == ["Welcome", "First"]
    assert who.json() == {"same": True, "methods": ["pwd"]}


async def test_a_visitor_is_greeted_by_company_once_signed_in(engine: AsyncEngine) -> None:
    async with await _client(uuid_app.app) as client:
        stranger = await client.get("/greeting")
        headers = await _sign_up(client, company="Analytical Engines")
        known = await client.get("/greeting", headers=headers)

    assert (stranger.json(), known.json()) == ("Hello", "Hello Analytical Engines")
