"""People who make their own account."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from fastauth_kit import Accounts, Event, EventSink, Routes, Work, get_register_router
from fastauth_kit.core.errors import NotEnoughPermissions
from fastauth_kit.features.accounts import UserCreated
from tests.features.accounts.answers import USER, assert_invalid, assert_refused
from tests.features.accounts.people import join, stored
from tests.kit_app import PASSWORD, KitApp

BODY = {"email": "ada@example.com", "password": PASSWORD}

SPELLINGS = [
    ("ada@example.com", "ADA@EXAMPLE.COM"),
    ("ada@example.com", "  ada@example.com "),
    ("jos\u00e9@example.com", "jose\u0301@example.com"),
    ("jos\u00e9@example.com", "JOSE\u0301@example.com"),
    ("ada@b\u00fccher.example", "ada@xn--bcher-kva.example"),
    ("ada@b\u00fccher.example", "ada@BU\u0308CHER.EXAMPLE"),
]


async def count_users(kit_app: KitApp) -> int:
    async with kit_app.sessions() as session:
        return int(await session.scalar(select(func.count()).select_from(kit_app.user_model)) or 0)


async def test_a_registration_shows_the_new_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    answer = await client.post(
        "/api/auth/register", json={**BODY, "email": "Ada@Example.com", "name": "Ada"}
    )

    assert answer.status_code == 201
    body = answer.json()
    user_id = body.pop("id")
    assert body == {
        "email": "ada@example.com",
        "name": "Ada",
        "is_active": True,
        "is_superuser": False,
        "is_verified": False,
        "created_at": "2026-11-23T12:00:00.123456Z",
        "updated_at": "2026-11-23T12:00:00.123456Z",
    }
    assert (await stored(kit_app, user_id)).email == "ada@example.com"


async def test_the_account_is_there_when_it_is_shown(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await client.post("/api/auth/register", json=BODY)

    tokens = await kit_app.sign_in()

    assert tokens["token_type"] == "bearer"


async def test_a_registration_without_a_name_has_none(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/auth/register", json=BODY)

    assert answer.json()["name"] is None


async def test_only_a_hash_of_the_password_is_stored(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    answer = await client.post("/api/auth/register", json=BODY)

    user = await stored(kit_app, answer.json()["id"])
    assert user.hashed_password.startswith("$argon2id$")


async def test_uuid_accounts_get_time_ordered_ids(make_app: Any) -> None:
    kit_app = make_app(key="uuid")
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/register", json=BODY)

    assert answer.status_code == 201
    assert answer.json()["id"][14] == "7"


@pytest.mark.parametrize(("first", "second"), SPELLINGS)
async def test_two_spellings_of_an_address_are_one_account(
    kit_app: KitApp, client: httpx2.AsyncClient, first: str, second: str
) -> None:
    await client.post("/api/auth/register", json={**BODY, "email": first})

    answer = await client.post("/api/auth/register", json={**BODY, "email": second})

    assert_refused(answer, 400, "email_taken")
    assert await count_users(kit_app) == 1


@pytest.mark.parametrize(("first", "second"), SPELLINGS)
async def test_any_spelling_of_the_address_signs_in(
    kit_app: KitApp, client: httpx2.AsyncClient, first: str, second: str
) -> None:
    await client.post("/api/auth/register", json={**BODY, "email": first})

    answer = await client.post("/api/auth/login", json={"email": second, "password": PASSWORD})

    assert answer.status_code == 200


async def test_an_accent_makes_another_account(client: httpx2.AsyncClient) -> None:
    """MariaDB's default collation takes one for the other."""
    await client.post("/api/auth/register", json={**BODY, "email": "jose@example.com"})

    answer = await client.post("/api/auth/register", json={**BODY, "email": "josé@example.com"})

    assert answer.status_code == 201


async def test_one_of_many_at_once_gets_the_address(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    spellings = ["ada@example.com", "ADA@example.com", "Ada@Example.com", "ada@EXAMPLE.com"]

    answers = await asyncio.gather(
        *(client.post("/api/auth/register", json={**BODY, "email": one}) for one in spellings)
    )

    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    assert await count_users(kit_app) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("is_superuser", True),
        ("is_active", False),
        ("is_verified", True),
        ("hashed_password", "$argon2id$mine"),
        ("id", 4711),
        ("created_at", "2001-01-01T00:00:00Z"),
        ("updated_at", "2001-01-01T00:00:00Z"),
    ],
)
async def test_a_field_that_is_not_theirs_to_set_is_ignored(
    kit_app: KitApp, client: httpx2.AsyncClient, field: str, value: Any
) -> None:
    answer = await client.post("/api/auth/register", json={**BODY, field: value})

    assert answer.status_code == 201
    assert set(answer.json()) == USER
    user = await stored(kit_app, answer.json()["id"])
    assert getattr(user, field) not in {value, "2001-01-01T00:00:00Z"}
    assert user.created_at == user.updated_at == kit_app.clock.now


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_openapi_shows_no_field_that_is_not_theirs_to_set(kit_app: KitApp) -> None:
    schemas = kit_app.app.openapi()["components"]["schemas"]

    assert set(schemas["UserCreate"]["properties"]) == {"email", "password", "name"}
    assert schemas["UserCreate"]["required"] == ["email", "password"]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"password": PASSWORD}, ("body", "email")),
        ({"email": "ada@example.com"}, ("body", "password")),
        ({**BODY, "email": None}, ("body", "email")),
        ({**BODY, "email": 7}, ("body", "email")),
        ({**BODY, "email": "ada"}, ("body", "email")),
        ({**BODY, "email": "Ada <ada@example.com>"}, ("body", "email")),
        ({**BODY, "email": "ada@example.com,bob@example.com"}, ("body", "email")),
        ({**BODY, "email": "a" * 64 + "@" + "b." * 94 + "example"}, ("body", "email")),
        ({**BODY, "email": "ada\x00@example.com"}, ("body", "email")),
        ({**BODY, "password": "tiny pw"}, ("body", "password")),
        ({**BODY, "password": "x" * 257}, ("body", "password")),
        ({**BODY, "password": "password123"}, ("body", "password")),
        ({**BODY, "password": "ada@example.com"}, ("body", "password")),
        ({**BODY, "password": None}, ("body", "password")),
        ({**BODY, "name": "n" * 101}, ("body", "name")),
        ({**BODY, "name": 7}, ("body", "name")),
        ({**BODY, "name": "a\x00b"}, ("body", "name")),
        ([], ("body",)),
        ("text", ("body",)),
        (None, ("body",)),
    ],
)
async def test_bad_input_is_named_and_nothing_is_stored(
    kit_app: KitApp, client: httpx2.AsyncClient, body: Any, place: tuple[str, ...]
) -> None:
    answer = await client.post("/api/auth/register", json=body)

    assert_invalid(answer, place)
    assert await count_users(kit_app) == 0


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("field", ["email", "password", "name"])
async def test_half_of_a_character_is_bad_input(
    kit_app: KitApp, client: httpx2.AsyncClient, field: str
) -> None:
    body = json.dumps({**BODY, field: "\ud800 and more@example.com"})

    answer = await client.post(
        "/api/auth/register", content=body, headers={"Content-Type": "application/json"}
    )

    assert_invalid(answer, ("body", field))
    assert await count_users(kit_app) == 0


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("password", ["tiny pw", "hunter2" * 40, ["s3cret"], {"a": "s3cret"}])
async def test_a_refused_password_is_not_repeated(
    client: httpx2.AsyncClient, password: Any
) -> None:
    answer = await client.post("/api/auth/register", json={**BODY, "password": password})

    assert answer.status_code == 422
    assert not any(part in answer.text for part in ("tiny pw", "hunter2", "s3cret"))


async def test_the_name_may_not_be_the_password(client: httpx2.AsyncClient) -> None:
    body = {**BODY, "name": "Augusta Ada King", "password": "augusta ada king"}

    answer = await client.post("/api/auth/register", json=body)

    assert_invalid(answer, ("body", "password"))


async def test_closed_registration_is_refused_and_stores_nothing(make_app: Any) -> None:
    kit_app = make_app(accounts=Accounts(registration_open=False))
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/register", json=BODY)

    assert_refused(answer, 403, "registration_closed")
    assert await count_users(kit_app) == 0


async def test_closed_registration_tells_nobody_who_has_an_account(make_app: Any) -> None:
    kit_app = make_app(accounts=Accounts(registration_open=False))
    await kit_app.add_user()
    async with kit_app.client() as client:
        taken = await client.post("/api/auth/register", json=BODY)
        free = await client.post("/api/auth/register", json={**BODY, "email": "bob@example.com"})

    assert taken.json() == free.json()


async def test_a_superuser_makes_accounts_where_registration_is_closed(make_app: Any) -> None:
    kit_app = make_app(accounts=Accounts(registration_open=False))
    root = await join(kit_app, "root@example.com", is_superuser=True)
    async with kit_app.client() as client:
        answer = await client.post("/api/users", json=BODY, headers=root.headers)

    assert answer.status_code == 201


class Refusing(EventSink):
    """A caller's part that has a word in who gets an account."""

    async def receive(self, work: Work, event: Event) -> None:
        if isinstance(event, UserCreated) and event.user.email.endswith("@example.org"):
            raise NotEnoughPermissions


async def test_a_registration_is_told_within_its_transaction(make_app: Any) -> None:
    kit_app = make_app(hooks=(Refusing(),))
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/register", json={**BODY, "email": "ada@example.org"})

    assert_refused(answer, 403, "not_enough_permissions")
    assert await count_users(kit_app) == 0


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_the_register_router_has_the_one_route(kit_app: KitApp) -> None:
    app = FastAPI()
    app.include_router(get_register_router(kit_app.auth), prefix="/sign-up")

    assert set(app.openapi()["paths"]) == {"/sign-up/register"}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_the_register_router_takes_routes(kit_app: KitApp) -> None:
    app = FastAPI()
    routes = Routes(operation_id_prefix="v2_")
    app.include_router(get_register_router(kit_app.auth, routes=routes))

    assert app.openapi()["paths"]["/register"]["post"]["operationId"] == "v2_register"
