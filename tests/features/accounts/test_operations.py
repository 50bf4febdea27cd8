"""Accounts without HTTP: in scripts, jobs and the caller's own transactions."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select

from fastauth_kit import Accounts, AuthError
from fastauth_kit.core.errors import InvalidInput
from fastauth_kit.features.accounts import (
    EmailTaken,
    LastSuperuser,
    UserInUse,
    UserNotFound,
)
from tests.features.accounts.people import enforce_foreign_keys, join, stored, works
from tests.kit_app import PASSWORD, KitApp


async def count_users(kit_app: KitApp) -> int:
    async with kit_app.sessions() as session:
        return int(await session.scalar(select(func.count()).select_from(kit_app.user_model)) or 0)


async def create(kit_app: KitApp, **values: Any) -> Any:
    given = {"email": "ada@example.com", "password": PASSWORD, **values}
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        user = await kit_app.auth.feature(Accounts).create(work, **given)
        return user.id


async def update(kit_app: KitApp, user_id: Any, **changes: Any) -> None:
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        await kit_app.auth.feature(Accounts).update(work, user_id, changes)


async def remove(kit_app: KitApp, user_id: Any) -> None:
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        await kit_app.auth.feature(Accounts).remove(work, user_id)


@pytest.mark.parametrize("key", ["int", "uuid"])
async def test_an_account_that_a_script_makes_signs_in(make_app: Any, key: str) -> None:
    kit_app = make_app(key=key)
    await create(kit_app, email="Ada@Example.COM", is_superuser=True, name="Ada")

    assert await kit_app.sign_in("ada@example.com")


async def test_an_account_may_have_no_password(kit_app: KitApp) -> None:
    user_id = await create(kit_app, password=None)

    assert (await stored(kit_app, user_id)).hashed_password is None


async def test_uuid_keys_make_themselves_in_the_order_of_time(make_app: Any) -> None:
    """RFC 9562, section 5.7, where the caller's column has no default."""
    kit_app = make_app(key="uuid")
    first = await create(kit_app, email="first@example.com")
    kit_app.clock.advance(milliseconds=1)
    second = await create(kit_app, email="second@example.com")

    assert (first.version, second.version) == (7, 7)
    assert first < second
    assert first.int >> 80 == int(kit_app.clock.now.timestamp() * 1000) - 1


async def test_a_uuid_key_may_be_given(make_app: Any) -> None:
    kit_app = make_app(key="uuid")
    mine = uuid4()

    assert await create(kit_app, id=mine) == mine


@pytest.mark.parametrize("spelling", ["ada@example.com", "ADA@Example.com", " ada@example.com "])
async def test_a_user_is_found_by_any_spelling_of_the_address(
    kit_app: KitApp, spelling: str
) -> None:
    user_id = await create(kit_app)
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        user = await kit_app.auth.find_user(work, spelling)

        assert user.id == user_id


@pytest.mark.parametrize("spelling", ["bob@example.com", "no address", "", "%"])
async def test_nobody_is_found_by_an_address_that_nobody_has(
    kit_app: KitApp, spelling: str
) -> None:
    await create(kit_app)
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        assert await kit_app.auth.find_user(work, spelling) is None


@pytest.mark.parametrize("email", ["ada", "", "Ada <ada@example.com>"])
async def test_what_is_no_address_makes_no_account(kit_app: KitApp, email: str) -> None:
    with pytest.raises(InvalidInput):
        await create(kit_app, email=email)

    assert await count_users(kit_app) == 0


@pytest.mark.parametrize("password", ["short", "ada@example.com", "augusta ada"])
async def test_the_policy_counts_for_scripts_too(kit_app: KitApp, password: str) -> None:
    with pytest.raises(InvalidInput):
        await create(kit_app, password=password, name="Augusta Ada")


async def test_an_address_is_taken_for_scripts_too(kit_app: KitApp) -> None:
    await create(kit_app)

    with pytest.raises(EmailTaken):
        await create(kit_app, email="ADA@example.com")


async def test_a_change_by_a_script_is_as_strict_as_one_by_http(kit_app: KitApp) -> None:
    ada = await create(kit_app)
    await create(kit_app, email="bob@example.com")

    with pytest.raises(EmailTaken):
        await update(kit_app, ada, email="BOB@example.com")
    with pytest.raises(InvalidInput):
        await update(kit_app, ada, email="no address")
    with pytest.raises(InvalidInput):
        await update(kit_app, ada, is_active=None)


@pytest.mark.parametrize("changes", [{"name": "New"}, {"is_active": False}])
async def test_nobody_is_changed(kit_app: KitApp, changes: dict[str, Any]) -> None:
    with pytest.raises(UserNotFound):
        await update(kit_app, 4711, **changes)


async def test_the_last_superuser_stays_for_scripts_too(kit_app: KitApp) -> None:
    root = await create(kit_app, is_superuser=True)

    with pytest.raises(LastSuperuser):
        await update(kit_app, root, is_superuser=False)
    with pytest.raises(LastSuperuser):
        await remove(kit_app, root)


async def test_a_removed_account_is_gone_with_its_sessions(kit_app: KitApp) -> None:
    ada = await join(kit_app)

    await remove(kit_app, ada.id)

    assert await stored(kit_app, ada.id) is None
    async with kit_app.client() as client:
        assert not await works(client, ada)
    with pytest.raises(UserNotFound):
        await remove(kit_app, ada.id)


@pytest.mark.parametrize("key", ["int", "uuid"])
async def test_an_account_in_use_is_not_removed(make_app: Any, key: str) -> None:
    kit_app = make_app(key=key)
    enforce_foreign_keys(kit_app)
    ada = await create(kit_app)
    async with kit_app.sessions.begin() as session:
        await session.execute(insert(kit_app.post_model).values(author_id=ada, title="Notes"))

    with pytest.raises(UserInUse):
        await remove(kit_app, ada)

    assert await stored(kit_app, ada) is not None


async def test_an_account_and_the_callers_rows_are_one_transaction(kit_app: KitApp) -> None:
    accounts = kit_app.auth.feature(Accounts)
    async with kit_app.sessions.begin() as session:
        async with kit_app.auth.work_for(session) as work:
            user = await accounts.create(work, email="ada@example.com", password=None)
            user_id = user.id
        session.add(kit_app.post_model(author_id=user_id, title="Notes"))

    async with kit_app.sessions() as session:
        assert await session.scalar(select(kit_app.post_model.author_id)) == user_id


async def make_and_fail(kit_app: KitApp) -> None:
    accounts = kit_app.auth.feature(Accounts)
    async with kit_app.sessions.begin() as session:
        async with kit_app.auth.work_for(session) as work:
            await accounts.create(work, email="ada@example.com", password=None)
        raise LookupError


async def test_the_callers_rollback_takes_the_account_with_it(kit_app: KitApp) -> None:
    with pytest.raises(LookupError):
        await make_and_fail(kit_app)

    assert await count_users(kit_app) == 0


async def test_within_the_callers_transaction_a_taken_address_spoils_nothing(
    kit_app: KitApp,
) -> None:
    await create(kit_app, email="bob@example.com")
    ada = await create(kit_app)
    accounts = kit_app.auth.feature(Accounts)
    async with kit_app.sessions.begin() as session:
        session.add(kit_app.post_model(author_id=ada, title="Notes"))
        await session.flush()
        async with kit_app.auth.work_for(session) as work:
            with pytest.raises(EmailTaken):
                await accounts.update(work, ada, {"email": "bob@example.com"})
            with pytest.raises(EmailTaken):
                await accounts.create(work, email="bob@example.com", password=None)

    async with kit_app.sessions() as session:
        assert await session.scalar(select(kit_app.post_model.title)) == "Notes"
    assert (await stored(kit_app, ada)).email == "ada@example.com"


async def test_work_of_a_script_is_not_there_before_it_ends(kit_app: KitApp) -> None:
    async with kit_app.sessions() as session:
        async with kit_app.auth.work_for(session) as work:
            await kit_app.auth.feature(Accounts).create(
                work, email="ada@example.com", password=None
            )
            async with kit_app.sessions() as other:
                users = select(func.count()).select_from(kit_app.user_model)
                before = await other.scalar(users)
        after = await count_users(kit_app)

    assert (before, after) == (0, 1)


async def test_every_refusal_is_an_auth_error_with_a_code(kit_app: KitApp) -> None:
    with pytest.raises(AuthError) as caught:
        await remove(kit_app, 4711)

    assert (caught.value.code, caught.value.status) == ("user_not_found", 404)


async def test_a_key_of_a_uuid_table_is_a_uuid(make_app: Any) -> None:
    kit_app = make_app(key="uuid")

    assert isinstance(await create(kit_app), UUID)
