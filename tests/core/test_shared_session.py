"""Rows of the caller's in the session that reads who is asking stay as they were."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fastauth_kit import AuthKit, get_users_router
from tests.core.parts import add_rows
from tests.kit_app import IntPost, KitApp, bearer


@pytest.mark.parametrize("session_style", ["async"], indirect=True)
async def test_reading_the_own_account_expires_nothing_of_the_callers(
    make_app: Callable[..., KitApp],
) -> None:
    """What a dependency of the app's loaded is read once more after the answer."""
    seen: list[str] = []

    def add_dependency(app: FastAPI, auth: AuthKit[Any]) -> None:
        db = Annotated[AsyncSession, Depends(auth.get_session)]

        async def motto(session: db) -> AsyncIterator[None]:
            session.sync_session.expire_on_commit = False
            post = (await session.scalars(select(IntPost))).one()
            await session.commit()
            yield
            seen.append(post.title)

        app.include_router(get_users_router(auth), prefix="/people", dependencies=[Depends(motto)])

    kit_app = make_app(configure=add_dependency)
    author = await kit_app.add_user()
    await add_rows(kit_app, IntPost(author_id=author, title="first"))
    headers = bearer(await kit_app.sign_in())

    async with kit_app.client(headers=headers) as client:
        answer = await client.get("/people/me")

    assert answer.status_code == 200
    assert seen == ["first"]
