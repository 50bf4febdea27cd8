"""A refresh that read the session before others moved it on."""

from typing import Any

import pytest

from fastauth_kit import Sessions
from fastauth_kit.features.sessions.errors import InvalidRefreshToken
from tests.features.accounts.people import join, session_of
from tests.features.accounts.tokens import rotate
from tests.kit_app import KitApp


async def test_a_refresh_that_comes_late_moves_no_generation_back(kit_app: KitApp) -> None:
    """It read generation 0; by the time it writes, the session is at generation 2."""
    ada = await join(kit_app)
    sessions = kit_app.auth.feature(Sessions)
    async with (
        kit_app.client() as client,
        kit_app.sessions() as session,
        kit_app.auth.work_for(session) as work,
    ):
        read = work.execute

        async def read_and_wait(*arguments: Any) -> Any:
            found = await read(*arguments)
            work.execute = read  # type: ignore[method-assign]
            await rotate(client, await rotate(client, ada.tokens))
            return found

        work.execute = read_and_wait  # type: ignore[method-assign]
        with pytest.raises(InvalidRefreshToken):
            await sessions.refresh(work, ada.tokens["refresh_token"])

    assert (await session_of(kit_app, ada)).refresh_generation == 2
