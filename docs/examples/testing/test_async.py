"""The same, awaited: pytest finds anyio's plugin by itself, anyio comes with FastAPI."""

# ruff: noqa: S101  # assert is what pytest reads

import pytest
from app import Note, User, maker
from sqlalchemy import select

from fastauth_kit.surfaces.testing import AsyncAuthClients, AsyncMakeUser


# --8<-- [start:async]
@pytest.mark.anyio
async def test_a_note_is_written(
    async_make_user: AsyncMakeUser[User], async_auth_client: AsyncAuthClients[User]
) -> None:
    ada = await async_make_user()
    client = await async_auth_client(ada)

    await client.post("/notes?text=Engines")

    async with maker() as session:
        note = await session.scalar(select(Note).where(Note.owner_id == ada.id))
    assert note is not None
    assert note.text == "Engines"


# --8<-- [end:async]
