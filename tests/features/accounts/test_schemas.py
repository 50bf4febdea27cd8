"""Bodies of the caller's own, in use."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.features.accounts.answers import assert_invalid, assert_refused
from tests.features.accounts.own_models import (
    members,
)
from tests.features.accounts.people import join, rebuilt, stored
from tests.kit_app import PASSWORD, KitApp, bearer

ADA = {"email": "ada@example.com", "password": PASSWORD, "nickname": "ada", "team": 7}
SHOWN = {
    "id",
    "email",
    "is_active",
    "is_superuser",
    "is_verified",
    "created_at",
    "updated_at",
    "nickname",
    "badges",
}


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[KitApp]:
    """An installation with bodies of the caller's own."""
    async with members(database_url) as kit_app:
        yield kit_app


async def register(client: httpx2.AsyncClient, **fields: Any) -> httpx2.Response:
    return await client.post("/api/auth/register", json={**ADA, **fields})


async def test_own_columns_are_registered_and_shown(own: KitApp) -> None:
    async with own.client() as client:
        answer = await register(client)

    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == SHOWN
    assert (body["nickname"], body["badges"]) == ("ada", [])
    user = await stored(own, body["id"])
    assert (user.nickname, user.team) == ("ada", 7)


@pytest.mark.parametrize(
    ("field", "value"), [("nickname", "a"), ("nickname", None), ("team", 0), ("team", "x")]
)
async def test_own_rules_hold(own: KitApp, field: str, value: Any) -> None:
    async with own.client() as client:
        answer = await register(client, **{field: value})

    assert_invalid(answer, ("body", field))


async def test_own_required_fields_are_required(own: KitApp) -> None:
    async with own.client() as client:
        body = {"email": "ada@example.com", "password": PASSWORD}
        answer = await client.post("/api/auth/register", json=body)

    assert_invalid(answer, ("body", "nickname"), ("body", "team"))


async def test_an_own_unique_rule_answers_with_a_conflict(own: KitApp) -> None:
    async with own.client() as client:
        await register(client)
        answer = await register(client, email="eve@example.com")

    assert_refused(answer, 409, "conflict")


async def test_the_address_is_what_is_taken_where_both_are(own: KitApp) -> None:
    async with own.client() as client:
        await register(client)
        answer = await register(client)

    assert_refused(answer, 400, "email_taken")


async def test_own_columns_are_changed_by_their_owner(own: KitApp) -> None:
    async with own.client() as client:
        user_id = (await register(client)).json()["id"]
        headers = bearer(await own.sign_in())
        answer = await client.patch("/api/users/me", json={"nickname": "king"}, headers=headers)

    assert answer.json()["nickname"] == "king"
    assert (await stored(own, user_id)).nickname == "king"


async def test_a_column_outside_the_update_schema_is_not_changed(own: KitApp) -> None:
    async with own.client() as client:
        user_id = (await register(client)).json()["id"]
        headers = bearer(await own.sign_in())
        answer = await client.patch("/api/users/me", json={"team": 9}, headers=headers)

    assert answer.status_code == 200
    assert (await stored(own, user_id)).team == 7


@pytest.mark.parametrize("path", ["me", "id"])
async def test_null_in_an_own_column_that_must_have_a_value_is_refused(
    own: KitApp, path: str
) -> None:
    """The schema allows it, so that the field may be left out; the table does not."""
    async with own.client() as client:
        user_id = (await register(client)).json()["id"]
        headers = bearer(await own.sign_in())
        target = path if path == "me" else user_id
        answer = await client.patch(
            f"/api/users/{target}", json={"nickname": None}, headers=headers
        )

    assert_invalid(answer, ("body", "nickname"))


async def test_a_change_against_an_own_unique_rule_is_a_conflict(own: KitApp) -> None:
    async with own.client() as client:
        await register(client)
        await register(client, email="eve@example.com", nickname="eve")
        headers = bearer(await own.sign_in())
        answer = await client.patch("/api/users/me", json={"nickname": "eve"}, headers=headers)

    assert_refused(answer, 409, "conflict")


async def test_a_superuser_sets_own_columns_and_flags_together(own: KitApp) -> None:
    root = await join(own, "root@example.com", is_superuser=True, nickname="root", team=1)
    async with own.client() as client:
        made = await client.post(
            "/api/users", json={**ADA, "is_verified": True}, headers=root.headers
        )
        changed = await client.patch(
            f"/api/users/{made.json()['id']}",
            json={"nickname": "king", "is_verified": False},
            headers=root.headers,
        )

    assert (made.json()["nickname"], made.json()["is_verified"]) == ("ada", True)
    assert (changed.json()["nickname"], changed.json()["is_verified"]) == ("king", False)


@pytest.mark.parametrize("field", ["is_superuser", "is_verified", "id"])
async def test_own_bodies_too_set_nothing_privileged(own: KitApp, field: str) -> None:
    async with own.client() as client:
        answer = await register(client, **{field: 1})

    assert answer.status_code == 201
    assert answer.json()["is_superuser"] is answer.json()["is_verified"] is False


async def test_related_rows_are_shown_wherever_an_account_is(own: KitApp) -> None:
    root = await join(own, "root@example.com", is_superuser=True, nickname="root", team=1)
    async with own.sessions.begin() as session:
        session.add(own.post_model(member_id=root.id, label="founder"))

    async with own.client(headers=root.headers) as client:
        answers = [
            (await client.get("/api/users/me")).json(),
            (await client.get(f"/api/users/{root.id}")).json(),
            (await client.get("/api/users")).json()["items"][0],
            (await client.get("/api/users?cursor=")).json()["items"][0],
            (await client.patch("/api/users/me", json={"nickname": "rot"})).json(),
        ]

    assert [answer["badges"] for answer in answers] == [[{"label": "founder"}]] * 5


async def test_own_cascades_apply_when_an_account_is_removed(own: KitApp) -> None:
    root = await join(own, "root@example.com", is_superuser=True, nickname="root", team=1)
    ada = await own.add_user(nickname="ada", team=1)
    async with own.sessions.begin() as session:
        session.add(own.post_model(member_id=ada, label="founder"))

    async with own.client() as client:
        answer = await client.delete(f"/api/users/{ada}", headers=root.headers)

    assert answer.status_code == 204
    assert await stored(own, ada) is None


async def test_related_rows_are_loaded_where_they_are_read(own: KitApp) -> None:
    """Without loader options too, at the price of a statement for each account."""
    root = await join(own, "root@example.com", is_superuser=True, nickname="root", team=1)
    lazy = rebuilt(own, user_load_options=())

    async with lazy.client(headers=root.headers) as client:
        answers = [
            await client.get("/api/users/me"),
            await client.get(f"/api/users/{root.id}"),
            await client.get("/api/users"),
            await client.patch("/api/users/me", json={"nickname": "rot"}),
        ]

    assert [answer.status_code for answer in answers] == [200] * 4


async def test_without_a_name_q_looks_into_addresses_alone(own: KitApp) -> None:
    root = await join(own, "root@example.com", is_superuser=True, nickname="ada", team=1)
    await own.add_user("ada@example.com", nickname="other", team=1)

    async with own.client(headers=root.headers) as client:
        page = (await client.get("/api/users", params={"q": "ada"})).json()

    assert [item["email"] for item in page["items"]] == ["ada@example.com"]
