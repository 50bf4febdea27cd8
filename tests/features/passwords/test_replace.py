"""An operator gives somebody a new password."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fastauth_kit import Accounts, Passwords
from fastauth_kit.core.errors import InvalidInput
from fastauth_kit.features.passwords import PasswordChanged, PasswordHasher
from tests.features.accounts.people import Heard, join, pool_of, rebuilt, stored, works
from tests.kit_app import KitApp, cheap_context

NEW = "another horse battery"


async def replace(kit_app: KitApp, user_id: Any, new: str = NEW) -> Any:
    return await kit_app.auth.run(
        kit_app.make_session,
        lambda work: kit_app.auth.feature(Passwords).replace(work, user_id, new),
    )


async def test_the_new_password_counts_and_nothing_of_before(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada, bob = await join(kit_app), await join(kit_app, "bob@example.com")

    assert await replace(kit_app, ada.id) is not None

    async with kit_app.client() as client:
        assert [await works(client, person) for person in (ada, bob)] == [False, True]
    await kit_app.sign_in(password=NEW)
    assert heard.of(PasswordChanged) == [PasswordChanged(ada.id)]


async def test_the_policy_counts_for_operators_too(kit_app: KitApp) -> None:
    ada = await join(kit_app)

    with pytest.raises(InvalidInput):
        await replace(kit_app, ada.id, "short")

    async with kit_app.client() as client:
        assert await works(client, ada)


@pytest.mark.parametrize("personal", ["bob@example.com", "robert the bob"])
async def test_the_policy_knows_whose_password_it_is(kit_app: KitApp, personal: str) -> None:
    ada = await join(kit_app)
    bob = await join(kit_app, "bob@example.com", name="Robert the Bob")

    with pytest.raises(InvalidInput):
        await replace(kit_app, bob.id, personal)

    assert await replace(kit_app, ada.id, personal) is not None


async def test_nobody_is_nobody(kit_app: KitApp) -> None:
    ada = await join(kit_app)

    assert await replace(kit_app, ada.id + 1) is None


@dataclass(frozen=True, eq=False, kw_only=True)
class Interrupted(PasswordHasher):
    """Something happens while a password is hashed."""

    meanwhile: Callable[[], Awaitable[object]]

    async def hash(self, password: str, *, field: str = "password") -> str:
        found = await super().hash(password, field=field)
        await self.meanwhile()
        return found


async def test_an_account_that_was_removed_meanwhile_stays_removed(kit_app: KitApp) -> None:
    ada = await join(kit_app)

    async def remove() -> None:
        async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
            await kit_app.auth.feature(Accounts).remove(work, ada.id)

    hasher = Interrupted(context=cheap_context(), pool=pool_of(kit_app), meanwhile=remove)
    built = rebuilt(kit_app, hasher=hasher)

    assert await replace(built, ada.id) is None
    assert await stored(kit_app, ada.id) is None
