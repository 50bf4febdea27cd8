"""When the user of a session last proved who they are: moved only while it lives."""

import httpx2
import pytest

from fastauth_kit import CurrentSession, Sessions
from fastauth_kit.core.errors import InvalidToken
from tests.core.parts import working
from tests.features.accounts.people import Person, join, session_of
from tests.kit_app import KitApp


async def renew(kit_app: KitApp, person: Person, method: str) -> None:
    row = await session_of(kit_app, person)
    session = CurrentSession(row.id, person.id, row.authenticated_at, {})
    async with working(kit_app) as work:
        await kit_app.auth.feature(Sessions).renew_session_proof(work, session, method=method)


async def test_a_method_is_added_to_those_used_before(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    then = kit_app.clock.now
    kit_app.clock.advance(minutes=1)

    await renew(kit_app, ada, "otp")

    row, now = await session_of(kit_app, ada), kit_app.clock.now
    assert row.authenticated_at == now
    assert row.amr == {"pwd": then.isoformat(), "otp": now.isoformat()}


async def test_a_session_that_ended_meanwhile_is_left_alone(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """After everything was checked: the write itself asks once more."""
    ada = await join(kit_app)
    then = kit_app.clock.now
    await client.post("/api/auth/logout", headers=ada.headers)
    kit_app.clock.advance(minutes=1)

    with pytest.raises(InvalidToken):
        await renew(kit_app, ada, "pwd")

    assert (await session_of(kit_app, ada)).authenticated_at == then
