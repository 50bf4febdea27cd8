"""A refresh that read the session before others moved it on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.features.accounts.answers import assert_bad_refresh_token
from tests.features.accounts.people import Person, join, session_of, store
from tests.features.accounts.tokens import refresh, rotate
from tests.invariants.crowd import Meeting
from tests.kit_app import KitApp


async def refused_after(
    kit_app: KitApp, person: Person, meanwhile: Callable[[], Awaitable[Any]]
) -> None:
    """Refresh, with something happening between the read and the write."""
    meeting = Meeting(kit_app, "UPDATE int_sessions")
    meeting.expect(2)
    async with kit_app.client() as client:
        late = asyncio.ensure_future(refresh(client, person.tokens))
        await meeting.overtake_the_first()
        await meanwhile()
        meeting.end()

        assert_bad_refresh_token(await late)


async def test_a_refresh_that_comes_late_moves_no_generation_back(kit_app: KitApp) -> None:
    """It read generation 0; by the time it writes, the session is at generation 2."""
    ada = await join(kit_app)

    async with kit_app.client() as client:

        async def move_on() -> None:
            await rotate(client, await rotate(client, ada.tokens))

        await refused_after(kit_app, ada, move_on)

    assert (await session_of(kit_app, ada)).refresh_generation == 2


async def test_a_user_deactivated_meanwhile_gets_no_tokens(kit_app: KitApp) -> None:
    """By whoever writes to the table; that others are active makes no difference."""
    ada = await join(kit_app)
    await join(kit_app, "bob@example.com")

    await refused_after(kit_app, ada, lambda: store(kit_app, ada.id, is_active=False))

    assert (await session_of(kit_app, ada)).refresh_generation == 0
