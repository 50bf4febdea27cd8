"""What people do with their own account."""

from typing import Any

import httpx2
import pytest

from fastauth_kit.features.accounts import UserUpdated
from tests.features.accounts.answers import (
    USER,
    assert_bad_token,
    assert_invalid,
    assert_no_credential,
)
from tests.features.accounts.people import (
    Heard,
    join,
    store,
    stored,
)
from tests.kit_app import KitApp

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


async def test_a_deactivated_account_is_shut_out_at_once(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    await store(kit_app, ada.id, is_active=False)

    assert_bad_token(await client.get(ME, headers=ada.headers))
