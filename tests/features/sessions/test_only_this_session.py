"""What is done to one session is done to no other, whoever's it is."""

from typing import Any

import httpx2

from fastauth_kit import Sessions
from fastauth_kit.features.sessions import RevokedReason, SessionRefreshed, SessionsRevoked
from tests.features.accounts.people import Heard, join, session_of
from tests.features.accounts.tokens import rotate
from tests.kit_app import KitApp


async def test_a_refresh_moves_no_other_session(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada, bob = await join(kit_app), await join(kit_app, "bob@example.com")
    elsewhere = await join(kit_app, "eve@example.com")
    kit_app.clock.advance(minutes=1)

    await rotate(client, bob.tokens)

    for other in (ada, elsewhere):
        row = await session_of(kit_app, other)
        assert (row.refresh_generation, row.rotated_at) == (0, None)
    assert (await session_of(kit_app, bob)).refresh_generation == 1


async def test_the_removal_of_an_account_takes_its_sessions_and_no_other(kit_app: KitApp) -> None:
    """By a statement of its own: not every database cascades."""
    ada, bob = await join(kit_app), await join(kit_app, "bob@example.com")

    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        user = await kit_app.auth.find_user(work, "bob@example.com")
        await kit_app.auth.feature(Sessions).before_removal(work, user)

    assert await session_of(kit_app, bob) is None
    assert await session_of(kit_app, ada) is not None


async def test_a_refresh_is_told_with_its_session(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    await join(kit_app)
    bob = await join(kit_app, "bob@example.com")

    async with kit_app.client() as client:
        await rotate(client, bob.tokens)

    session_id = (await session_of(kit_app, bob)).id
    assert heard.of(SessionRefreshed) == [SessionRefreshed(bob.id, session_id)]


async def test_a_session_that_ended_before_keeps_its_time_and_reason(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)
    async with kit_app.client() as client:
        await client.post("/api/auth/logout", headers=ada.headers)
    ended_at = kit_app.clock.now
    kit_app.clock.advance(minutes=1)

    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        sessions = kit_app.auth.feature(Sessions)
        count = await sessions.revoke_all(work, ada.id, RevokedReason.PASSWORD)

    row = await session_of(kit_app, ada)
    assert (count, row.revoked_at, row.revoked_reason) == (0, ended_at, "logout")
    assert [event.reason for event in heard.of(SessionsRevoked)] == [RevokedReason.LOGOUT]
