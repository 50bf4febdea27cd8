"""A change is written to the account it was proven for, and to no other."""

from typing import Any

import pytest
from sqlalchemy import delete

from fastauth_kit.features.passwords import ConfirmationFailed, LoginFailed
from tests.features.accounts.answers import BEARER, assert_done, assert_refused
from tests.features.accounts.own_models import members
from tests.features.accounts.people import Heard, join, join_without_password, store, stored
from tests.features.passwords.test_login_uniformity import interrupted
from tests.kit_app import PASSWORD, KitApp

CHANGE = "/api/auth/password/change"
NEW = "another horse battery"


async def test_a_first_password_goes_to_the_account_that_chose_it(kit_app: KitApp) -> None:
    """Accounts without a password all have the same hash: none."""
    ada = await join_without_password(kit_app, "ada@example.com")
    bob = await join_without_password(kit_app, "bob@example.com")
    eve = await join_without_password(kit_app, "eve@example.com")

    async with kit_app.client() as client:
        answer = await client.post(CHANGE, json={"new_password": NEW}, headers=bob.headers)

    assert_done(answer)
    assert (await stored(kit_app, ada.id)).hashed_password is None
    assert (await stored(kit_app, eve.id)).hashed_password is None
    assert await kit_app.sign_in("bob@example.com", NEW)


async def test_a_new_password_goes_to_one_of_two_accounts_with_one_hash(kit_app: KitApp) -> None:
    """An import may have copied a row, hash and all."""
    ada = await join(kit_app, "ada@example.com")
    bob = await join(kit_app, "bob@example.com")
    shared = (await stored(kit_app, ada.id)).hashed_password
    await store(kit_app, bob.id, hashed_password=shared)

    async with kit_app.client() as client:
        body = {"current_password": PASSWORD, "new_password": NEW}
        answer = await client.post(CHANGE, json=body, headers=bob.headers)

    assert_done(answer)
    assert (await stored(kit_app, ada.id)).hashed_password == shared
    assert await kit_app.sign_in("bob@example.com", NEW)


async def test_a_login_is_of_the_account_whose_address_was_typed(kit_app: KitApp) -> None:
    ada = await kit_app.add_user("ada@example.com")
    bob = await kit_app.add_user("bob@example.com")
    await store(kit_app, bob, hashed_password=(await stored(kit_app, ada)).hashed_password)

    tokens = await kit_app.sign_in("bob@example.com")

    async with kit_app.client() as client:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        me = await client.get("/api/users/me", headers=headers)
    assert me.json()["email"] == "bob@example.com"


async def test_an_address_moved_while_its_password_was_checked_no_longer_signs_in(
    kit_app: KitApp,
) -> None:
    """The password is right, but the address that was typed is nobody's by now."""
    user_id = await kit_app.add_user()
    built = interrupted(kit_app, lambda: store(kit_app, user_id, email="moved@example.com"))

    async with built.client() as client:
        body = {"email": "ada@example.com", "password": PASSWORD}
        answer = await client.post("/api/auth/login", json=body)

    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)


@pytest.mark.parametrize("closed", ["deactivated", "deleted"])
async def test_an_account_closed_while_the_password_was_checked_gets_no_new_one(
    kit_app: KitApp, closed: str
) -> None:
    ada = await join(kit_app)
    before = (await stored(kit_app, ada.id)).hashed_password

    async def close() -> None:
        if closed == "deactivated":
            await store(kit_app, ada.id, is_active=False)
            return
        async with kit_app.sessions.begin() as session:
            sessions = kit_app.session_model
            await session.execute(delete(sessions).where(sessions.user_id == ada.id))
            users = kit_app.user_model
            await session.execute(delete(users).where(users.id == ada.id))

    async with interrupted(kit_app, close).client() as client:
        body = {"current_password": PASSWORD, "new_password": NEW}
        answer = await client.post(CHANGE, json=body, headers=ada.headers)

    assert_refused(answer, 400, "invalid_password")
    left = await stored(kit_app, ada.id)
    assert left is None or left.hashed_password == before


async def test_a_wrong_confirmation_is_told_with_whose_it_was(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    await join(kit_app, "ada@example.com")
    bob = await join(kit_app, "bob@example.com")

    async with kit_app.client() as client:
        body = {"current_password": "wrong horse", "new_password": NEW}
        await client.post(CHANGE, json=body, headers=bob.headers)

    assert heard.of(ConfirmationFailed) == [ConfirmationFailed(bob.id)]


async def test_what_was_typed_is_told_within_its_bounds(make_app: Any) -> None:
    """The capital I with a dot becomes two characters when it is lowered."""
    heard = Heard()
    kit_app = make_app(hooks=(heard,))

    async with kit_app.client() as client:
        body = {"email": "\u0130" * 300, "password": "wrong horse"}
        answer = await client.post("/api/auth/login", json=body)

    assert answer.status_code == 401
    assert [len(event.email) for event in heard.of(LoginFailed)] == [320]


async def test_users_of_a_table_without_names_change_their_password(database_url: str) -> None:
    async with members(database_url) as kit_app:
        ada = await join(kit_app, nickname="ada", team=1)
        async with kit_app.client() as client:
            body = {"current_password": PASSWORD, "new_password": NEW}
            answer = await client.post(CHANGE, json=body, headers=ada.headers)

        assert_done(answer)
        assert await kit_app.sign_in(password=NEW)
