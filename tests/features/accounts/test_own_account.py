"""What people do with their own account."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import insert

from fastauth_kit.features.accounts import UserDeleted, UserUpdated
from tests.features.accounts.answers import (
    BEARER,
    USER,
    assert_bad_token,
    assert_done,
    assert_invalid,
    assert_no_credential,
    assert_refused,
)
from tests.features.accounts.people import (
    Heard,
    enforce_foreign_keys,
    join,
    join_without_password,
    store,
    stored,
    works,
)
from tests.kit_app import PASSWORD, KitApp

ME = "/api/users/me"


async def test_me_is_the_account_that_asks(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user("bob@example.com")
    ada = await join(kit_app, name="Ada")

    answer = await client.get(ME, headers=ada.headers)

    assert answer.status_code == 200
    assert answer.json() == {
        "id": ada.id,
        "email": "ada@example.com",
        "name": "Ada",
        "is_active": True,
        "is_superuser": False,
        "is_verified": False,
        "created_at": "2026-11-23T12:00:00.123456Z",
        "updated_at": "2026-11-23T12:00:00.123456Z",
    }


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_me_wants_a_credential(client: httpx2.AsyncClient, method: str) -> None:
    answer = await client.request(method, ME, json=None if method == "GET" else {})

    assert_no_credential(answer)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_me_wants_a_credential_that_works(client: httpx2.AsyncClient, method: str) -> None:
    body = None if method == "GET" else {}

    answer = await client.request(method, ME, json=body, headers={"Authorization": "Bearer no"})

    assert_bad_token(answer)


async def test_me_costs_one_statement(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    kit_app.statements.clear()

    await client.get(ME, headers=ada.headers)

    (statement,) = kit_app.statements
    assert statement.startswith("SELECT")


async def test_a_change_is_shown_and_stored(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    kit_app.clock.advance(seconds=5)

    answer = await client.patch(ME, json={"name": "Ada King"}, headers=ada.headers)

    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == USER
    assert body["name"] == "Ada King"
    assert body["created_at"] == "2026-11-23T12:00:00.123456Z"
    assert body["updated_at"] == "2026-11-23T12:00:05.123456Z"
    user = await stored(kit_app, ada.id)
    assert (user.name, user.updated_at) == ("Ada King", kit_app.clock.now)


@pytest.mark.parametrize("body", [{}, {"name": "Ada"}])
async def test_a_change_of_nothing_leaves_the_account_as_it_was(make_app: Any, body: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app, name="Ada")
    before = kit_app.clock.now
    kit_app.clock.advance(seconds=5)

    async with kit_app.client() as client:
        answer = await client.patch(ME, json=body, headers=ada.headers)

    assert answer.status_code == 200
    assert (await stored(kit_app, ada.id)).updated_at == before
    assert heard.of(UserUpdated) == []


async def test_a_change_says_which_fields_changed(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)

    async with kit_app.client() as client:
        await client.patch(ME, json={"name": "Ada"}, headers=ada.headers)

    assert [event.fields for event in heard.of(UserUpdated)] == [{"name"}]


async def test_a_name_may_be_taken_back(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app, name="Ada")

    answer = await client.patch(ME, json={"name": None}, headers=ada.headers)

    assert answer.json()["name"] is None
    assert (await stored(kit_app, ada.id)).name is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 4711),
        ("email", "eve@example.com"),
        ("hashed_password", "$argon2id$mine"),
        ("is_active", False),
        ("is_superuser", True),
        ("is_verified", True),
        ("created_at", "2001-01-01T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("path", ["me", "id"])
async def test_people_cannot_set_what_is_not_theirs_to_set(
    kit_app: KitApp, client: httpx2.AsyncClient, field: str, value: Any, path: str
) -> None:
    ada = await join(kit_app)
    before = getattr(await stored(kit_app, ada.id), field)

    answer = await client.patch(
        f"/api/users/{ada.id if path == 'id' else path}",
        json={field: value, "name": "New"},
        headers=ada.headers,
    )

    assert answer.status_code == 200
    user = await stored(kit_app, ada.id)
    assert getattr(user, field) == before
    assert user.name == "New"


@pytest.mark.parametrize("name", ["n" * 101, 7, "a\x00b", ["Ada"]])
async def test_a_bad_name_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, name: Any
) -> None:
    ada = await join(kit_app, name="Ada")

    answer = await client.patch(ME, json={"name": name}, headers=ada.headers)

    assert_invalid(answer, ("body", "name"))
    assert (await stored(kit_app, ada.id)).name == "Ada"


async def test_a_change_wants_a_body(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)

    answer = await client.patch(ME, headers=ada.headers)

    assert_invalid(answer, ("body",))


async def close(client: httpx2.AsyncClient, person: Any, body: Any) -> httpx2.Response:
    return await client.request("DELETE", ME, json=body, headers=person.headers)


async def test_a_closed_account_is_gone(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)

    assert_done(await close(client, ada, {"password": PASSWORD}))

    assert await stored(kit_app, ada.id) is None


async def test_a_closed_account_has_no_session(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)

    await close(client, ada, {"password": PASSWORD})

    assert_bad_token(await client.get(ME, headers=ada.headers))
    token = {"refresh_token": ada.tokens["refresh_token"]}
    assert (await client.post("/api/auth/refresh", json=token)).status_code == 401


async def test_a_closed_account_cannot_sign_in(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    await close(client, ada, {"password": PASSWORD})

    login = {"email": "ada@example.com", "password": PASSWORD}
    answer = await client.post("/api/auth/login", json=login)

    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)


async def test_a_closed_account_frees_its_address(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    await close(client, ada, {"password": PASSWORD})

    body = {"email": "ada@example.com", "password": PASSWORD}
    answer = await client.post("/api/auth/register", json=body)

    assert answer.status_code == 201


async def test_closing_is_told(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)

    async with kit_app.client() as client:
        await close(client, ada, {"password": PASSWORD})

    assert heard.of(UserDeleted) == [UserDeleted(ada.id)]


@pytest.mark.parametrize("body", [{}, {"password": None}, {"password": "wrong horse"}])
async def test_closing_wants_the_right_password(
    kit_app: KitApp, client: httpx2.AsyncClient, body: Any
) -> None:
    ada = await join(kit_app)

    answer = await close(client, ada, body)

    assert_refused(answer, 400, "invalid_password")
    assert await works(client, ada)


async def test_the_last_superuser_cannot_close_their_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user("former@example.com", is_superuser=True, is_active=False)
    root = await join(kit_app, "root@example.com", is_superuser=True)

    answer = await close(client, root, {"password": PASSWORD})

    assert_refused(answer, 409, "last_superuser")
    assert await works(client, root)


async def test_a_superuser_who_is_not_the_last_closes_their_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user("other@example.com", is_superuser=True)
    root = await join(kit_app, "root@example.com", is_superuser=True)

    assert_done(await close(client, root, {"password": PASSWORD}))


async def test_an_account_that_other_data_needs_stays_as_it_was(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    enforce_foreign_keys(kit_app)
    ada = await join(kit_app)
    async with kit_app.sessions.begin() as session:
        await session.execute(insert(kit_app.post_model).values(author_id=ada.id, title="Notes"))

    answer = await close(client, ada, {"password": PASSWORD})

    assert_refused(answer, 409, "user_in_use")
    assert await works(client, ada)


async def test_without_a_password_a_recent_login_closes_the_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join_without_password(kit_app)
    kit_app.clock.advance(minutes=5)

    assert_done(await close(client, ada, {}))


async def test_without_a_password_an_older_login_closes_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join_without_password(kit_app)
    kit_app.clock.advance(minutes=5, microseconds=1)

    answer = await close(client, ada, {"password": PASSWORD})

    assert_refused(answer, 401, "recent_login_required", challenge=BEARER)
    assert await works(client, ada)


async def test_a_deactivated_account_is_shut_out_at_once(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    await store(kit_app, ada.id, is_active=False)

    assert_bad_token(await client.get(ME, headers=ada.headers))
