"""Two tests that would see each other's rows, were they not rolled back."""

# ruff: noqa: S101  # assert is what pytest reads

import pytest
from app import Note, User, maker
from sqlalchemy import func, select

from fastauth_kit.surfaces.testing import AsyncAuthClients, AsyncMakeUser


@pytest.mark.anyio
@pytest.mark.parametrize("turn", [1, 2])
async def test_there_is_one_note(
    turn: int, async_make_user: AsyncMakeUser[User], async_auth_client: AsyncAuthClients[User]
) -> None:
    client = await async_auth_client(await async_make_user(email="ada@example.com"))
    await client.post(f"/notes?text={turn}")

    async with maker() as session:
        assert await session.scalar(select(func.count()).select_from(Note)) == 1


@pytest.mark.anyio
async def test_what_is_refused_leaves_the_rest(
    async_make_user: AsyncMakeUser[User], async_auth_client: AsyncAuthClients[User]
) -> None:
    ada = await async_make_user()
    client = await async_auth_client(ada)
    body = {"email": ada.email, "password": "staple the correct horse"}

    taken = await client.post("/api/auth/register", json=body)
    wrong = await client.post("/api/auth/login", json=body)

    assert (taken.status_code, wrong.status_code) == (400, 401)
    assert (await client.get("/hello")).json() == f"Hello {ada.email}"
