"""What a superuser changes of an account, and what follows at once."""

from typing import Any

import httpx2
import pytest

from fastauth_kit.features.sessions import RevokedReason, SessionsRevoked
from tests.features.accounts.answers import (
    USER,
    assert_bad_refresh_token,
    assert_bad_token,
    assert_invalid,
    assert_refused,
)
from tests.features.accounts.people import Heard, Person, join, stored, works
from tests.kit_app import PASSWORD, KitApp

USERS = "/api/users"


@pytest.fixture
async def root(kit_app: KitApp) -> Person:
    """The one superuser."""
    return await join(kit_app, "root@example.com", is_superuser=True)


async def change(
    client: httpx2.AsyncClient, by: Person, user_id: Any, **fields: Any
) -> httpx2.Response:
    return await client.patch(f"{USERS}/{user_id}", json=fields, headers=by.headers)


async def test_a_superuser_changes_every_field_they_may(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await kit_app.add_user(name="Ada")
    kit_app.clock.advance(seconds=1)
    fields = {
        "email": "king@example.com",
        "name": "Ada King",
        "is_active": False,
        "is_superuser": True,
        "is_verified": True,
    }

    answer = await change(client, root, ada, **fields)

    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == USER
    assert {name: body[name] for name in fields} == fields
    assert body["updated_at"] == "2026-11-23T12:00:01.123456Z"
    user = await stored(kit_app, ada)
    assert {name: getattr(user, name) for name in fields} == fields


@pytest.mark.parametrize("field", ["id", "hashed_password", "created_at", "password"])
async def test_a_superuser_too_cannot_set_what_the_kit_keeps(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person, field: str
) -> None:
    ada = await join(kit_app)
    before = await stored(kit_app, ada.id)

    answer = await change(client, root, ada.id, **{field: "4711", "name": "New"})

    assert answer.status_code == 200
    after = await stored(kit_app, ada.id)
    assert after.hashed_password == before.hashed_password
    assert after.created_at == before.created_at
    assert after.name == "New"


@pytest.mark.parametrize("field", ["email", "is_active", "is_superuser", "is_verified"])
async def test_null_for_a_field_that_must_have_a_value_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person, field: str
) -> None:
    ada = await kit_app.add_user()

    answer = await change(client, root, ada, **{field: None})

    assert_invalid(answer, ("body", field))


@pytest.mark.parametrize("email", ["ada", "Ada <ada@example.com>", "", "a\x00@example.com"])
async def test_a_change_to_what_is_no_address_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person, email: str
) -> None:
    ada = await kit_app.add_user()

    answer = await change(client, root, ada, email=email)

    assert_invalid(answer, ("body", "email"))


async def test_a_changed_address_is_canonical_and_unverified(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await kit_app.add_user(is_verified=True)

    answer = await change(client, root, ada, email="KING@B\u00fccher.Example")

    assert answer.json()["email"] == "king@xn--bcher-kva.example"
    assert answer.json()["is_verified"] is False


async def test_a_changed_address_may_be_vouched_for(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await kit_app.add_user()

    answer = await change(client, root, ada, email="king@example.com", is_verified=True)

    assert answer.json()["is_verified"] is True


async def test_the_same_address_in_another_spelling_changes_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await join(kit_app, is_verified=True)

    answer = await change(client, root, ada.id, email="ADA@Example.com")

    assert answer.json()["is_verified"] is True
    assert await works(client, ada)


async def test_a_changed_address_ends_the_sessions(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    root = await join(kit_app, "root@example.com", is_superuser=True)
    ada = await join(kit_app)

    async with kit_app.client() as client:
        await change(client, root, ada.id, email="king@example.com")

        assert_bad_token(await client.get(f"{USERS}/me", headers=ada.headers))
    assert heard.of(SessionsRevoked) == [SessionsRevoked(ada.id, 1, RevokedReason.EMAIL)]


async def test_one_signs_in_with_the_changed_address_only(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await kit_app.add_user()
    await change(client, root, ada, email="king@example.com")

    old = {"email": "ada@example.com", "password": PASSWORD}

    assert (await client.post("/api/auth/login", json=old)).status_code == 401
    assert await kit_app.sign_in("king@example.com")


async def test_a_superuser_who_changes_their_own_address_stays_signed_in_here_only(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    elsewhere = Person(root.id, await kit_app.sign_in("root@example.com"))

    answer = await change(client, root, root.id, email="admin@example.com")

    assert answer.status_code == 200
    assert await works(client, root)
    assert not await works(client, elsewhere)


@pytest.mark.parametrize("email", ["bob@example.com", "BOB@Example.COM"])
async def test_an_address_that_is_taken_cannot_be_given(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person, email: str
) -> None:
    await kit_app.add_user("bob@example.com")
    ada = await join(kit_app)

    answer = await change(client, root, ada.id, email=email, name="New")

    assert_refused(answer, 400, "email_taken")
    user = await stored(kit_app, ada.id)
    assert (user.email, user.name) == ("ada@example.com", None)
    assert await works(client, ada)


async def test_a_promotion_counts_on_the_next_request(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await join(kit_app)

    await change(client, root, ada.id, is_superuser=True)

    assert (await client.get(USERS, headers=ada.headers)).status_code == 200


async def test_a_demotion_counts_on_the_next_request_and_ends_no_session(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await join(kit_app, is_superuser=True)

    await change(client, root, ada.id, is_superuser=False)

    answer = await client.get(USERS, headers=ada.headers)
    assert_refused(answer, 403, "not_enough_permissions")
    assert await works(client, ada)


async def test_a_deactivation_counts_on_the_next_request(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    root = await join(kit_app, "root@example.com", is_superuser=True)
    ada = await join(kit_app)

    async with kit_app.client() as client:
        await change(client, root, ada.id, is_active=False)

        assert_bad_token(await client.get(f"{USERS}/me", headers=ada.headers))
        body = {"refresh_token": ada.tokens["refresh_token"]}
        assert_bad_refresh_token(await client.post("/api/auth/refresh", json=body))
    assert heard.of(SessionsRevoked) == [SessionsRevoked(ada.id, 1, RevokedReason.DEACTIVATED)]


async def test_a_reactivation_revives_no_session(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await join(kit_app)

    await change(client, root, ada.id, is_active=False)
    await change(client, root, ada.id, is_active=True)

    assert_bad_token(await client.get(f"{USERS}/me", headers=ada.headers))
    body = {"refresh_token": ada.tokens["refresh_token"]}
    assert_bad_refresh_token(await client.post("/api/auth/refresh", json=body))
    assert await kit_app.sign_in()


@pytest.mark.parametrize("flag", ["is_active", "is_superuser"])
async def test_the_last_superuser_keeps_both_flags(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person, flag: str
) -> None:
    await kit_app.add_user("former@example.com", is_superuser=True, is_active=False)

    answer = await change(client, root, root.id, **{flag: False, "name": "New"})

    assert_refused(answer, 409, "last_superuser")
    assert (await stored(kit_app, root.id)).name is None
    assert await works(client, root)


@pytest.mark.parametrize("flag", ["is_active", "is_superuser"])
async def test_one_of_two_superusers_may_step_down(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person, flag: str
) -> None:
    await kit_app.add_user("other@example.com", is_superuser=True)

    answer = await change(client, root, root.id, **{flag: False})

    assert answer.status_code == 200
    assert answer.json()[flag] is False


@pytest.mark.parametrize("flag", ["is_active", "is_superuser"])
async def test_a_superuser_out_of_office_may_be_demoted(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person, flag: str
) -> None:
    former = await kit_app.add_user("former@example.com", is_superuser=True, is_active=False)

    answer = await change(client, root, former, **{flag: False})

    assert answer.status_code == 200
