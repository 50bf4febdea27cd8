"""After a pause, a session is looked at again: that one, and whether it lives."""

from typing import Any

import pytest
from sqlalchemy import update

from fastauth_kit import Sessions
from fastauth_kit.core.hooks import CurrentSession
from tests.features.accounts.people import Person, join, session_of
from tests.kit_app import KitApp


async def is_in_force(kit_app: KitApp, row: Any) -> bool:
    current = CurrentSession(row.id, row.user_id, row.authenticated_at, {})
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        return await kit_app.auth.feature(Sessions).is_in_force(work, current)


async def end(kit_app: KitApp, person: Person, column: str) -> None:
    model = kit_app.session_model
    statement = update(model).where(model.user_id == person.id)
    async with kit_app.sessions.begin() as session:
        await session.execute(statement.values({column: kit_app.clock.now}))


@pytest.mark.parametrize("column", ["revoked_at", "idle_expires_at", "absolute_expires_at"])
async def test_a_session_that_ended_is_not_in_force_whoever_elses_is(
    kit_app: KitApp, column: str
) -> None:
    ada, bob = await join(kit_app), await join(kit_app, "bob@example.com")

    await end(kit_app, bob, column)

    assert await is_in_force(kit_app, await session_of(kit_app, ada))
    assert not await is_in_force(kit_app, await session_of(kit_app, bob))
