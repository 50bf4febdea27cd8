"""What superusers do with the accounts of others, and what others may not."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import insert

from tests.features.accounts.answers import (
    BEARER,
    USER,
    assert_bad_refresh_token,
    assert_bad_token,
    assert_done,
    assert_invalid,
    assert_no_credential,
    assert_refused,
)
from tests.features.accounts.people import (
    Person,
    enforce_foreign_keys,
    join,
    stored,
    works,
)
from tests.kit_app import PASSWORD, KitApp

USERS = "/api/users"
BODY = {"email": "ada@example.com", "password": PASSWORD}
FLAGS = ("is_active", "is_superuser", "is_verified")


@pytest.fixture
async def root(kit_app: KitApp) -> Person:
    """The one superuser."""
    return await join(kit_app, "root@example.com", is_superuser=True)


# -- making accounts ----------------------------------------------------------------------


@pytest.mark.parametrize("flags", [(True, False, False), (False, True, True)])
async def test_a_superuser_makes_an_account_with_every_flag(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person, flags: tuple[bool, ...]
) -> None:
    given = dict(zip(FLAGS, flags, strict=True))

    answer = await client.post(USERS, json={**BODY, **given, "name": "A"}, headers=root.headers)

    assert answer.status_code == 201
    assert set(answer.json()) == USER
    user = await stored(kit_app, answer.json()["id"])
    assert {name: getattr(user, name) for name in FLAGS} == given
    assert (user.email, user.name) == ("ada@example.com", "A")


async def test_an_account_made_without_flags_is_like_a_registered_one(
    client: httpx2.AsyncClient, root: Person
) -> None:
    answer = await client.post(USERS, json=BODY, headers=root.headers)

    assert [answer.json()[name] for name in FLAGS] == [True, False, False]


async def test_a_superuser_too_cannot_make_a_second_account_of_an_address(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    await kit_app.add_user("ada@example.com")

    answer = await client.post(
        USERS, json={**BODY, "email": "ADA@example.com"}, headers=root.headers
    )

    assert_refused(answer, 400, "email_taken")


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "Ada <ada@example.com>"),
        ("password", "short"),
        ("name", "n" * 101),
        ("is_active", None),
        ("is_superuser", None),
        ("is_verified", "perhaps"),
    ],
)
async def test_a_bad_account_is_refused(
    client: httpx2.AsyncClient, root: Person, field: str, value: Any
) -> None:
    answer = await client.post(USERS, json={**BODY, field: value}, headers=root.headers)

    assert_invalid(answer, ("body", field))


async def test_others_make_no_accounts(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    eve = await join(kit_app, "eve@example.com")

    answer = await client.post(USERS, json=BODY, headers=eve.headers)

    assert_refused(answer, 403, "not_enough_permissions")


# -- reading ------------------------------------------------------------------------------


async def test_a_superuser_reads_any_account(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await kit_app.add_user(name="Ada")

    answer = await client.get(f"{USERS}/{ada}", headers=root.headers)

    assert answer.status_code == 200
    assert set(answer.json()) == USER
    assert answer.json()["name"] == "Ada"


async def test_people_read_their_own_account_by_id(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)

    answer = await client.get(f"{USERS}/{ada.id}", headers=ada.headers)

    assert answer.json()["email"] == "ada@example.com"


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_for_a_superuser_an_unknown_account_is_not_found(
    client: httpx2.AsyncClient, root: Person, method: str
) -> None:
    body = {"name": "New"} if method == "PATCH" else None

    answer = await client.request(method, f"{USERS}/{root.id + 1}", json=body, headers=root.headers)

    assert_refused(answer, 404, "user_not_found")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_others_cannot_tell_an_unknown_account_from_somebody_elses(
    kit_app: KitApp, client: httpx2.AsyncClient, method: str
) -> None:
    eve = await join(kit_app, "eve@example.com")
    ada = await kit_app.add_user()
    body = {"name": "New"} if method == "PATCH" else None

    known = await client.request(method, f"{USERS}/{ada}", json=body, headers=eve.headers)
    unknown = await client.request(method, f"{USERS}/{ada + 1}", json=body, headers=eve.headers)

    assert_refused(known, 403, "not_enough_permissions")
    assert (unknown.status_code, unknown.json()) == (known.status_code, known.json())
    assert await stored(kit_app, ada) is not None


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", ""), ("GET", "/1"), ("PATCH", "/1"), ("DELETE", "/1")],
)
async def test_administration_wants_a_credential_that_works(
    client: httpx2.AsyncClient, method: str, path: str
) -> None:
    body = BODY if method == "POST" else {} if method == "PATCH" else None

    without = await client.request(method, USERS + path, json=body)
    bad = await client.request(
        method, USERS + path, json=body, headers={"Authorization": "Bearer no"}
    )

    assert_no_credential(without)
    assert_bad_token(bad)


# -- deleting -----------------------------------------------------------------------------


async def test_a_deleted_account_is_gone_with_its_sessions(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await join(kit_app)

    assert_done(await client.delete(f"{USERS}/{ada.id}", headers=root.headers))

    assert await stored(kit_app, ada.id) is None
    assert_bad_token(await client.get(f"{USERS}/me", headers=ada.headers))
    body = {"refresh_token": ada.tokens["refresh_token"]}
    assert_bad_refresh_token(await client.post("/api/auth/refresh", json=body))


async def test_deleting_twice_finds_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await kit_app.add_user()
    await client.delete(f"{USERS}/{ada}", headers=root.headers)

    answer = await client.delete(f"{USERS}/{ada}", headers=root.headers)

    assert_refused(answer, 404, "user_not_found")


@pytest.mark.parametrize("key", ["int", "uuid"])
async def test_an_account_that_other_data_needs_is_not_deleted(make_app: Any, key: str) -> None:
    kit_app = make_app(key=key)
    enforce_foreign_keys(kit_app)
    root = await join(kit_app, "root@example.com", is_superuser=True)
    ada = await join(kit_app)
    async with kit_app.sessions.begin() as session:
        await session.execute(insert(kit_app.post_model).values(author_id=ada.id, title="Notes"))

    async with kit_app.client() as client:
        answer = await client.delete(f"{USERS}/{ada.id}", headers=root.headers)

        assert_refused(answer, 409, "user_in_use")
        assert await works(client, ada)


async def test_the_last_superuser_is_not_deleted(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    answer = await client.delete(f"{USERS}/{root.id}", headers=root.headers)

    assert_refused(answer, 409, "last_superuser")
    assert await works(client, root)


async def test_one_of_two_superusers_is_deleted(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    other = await kit_app.add_user("other@example.com", is_superuser=True)

    assert_done(await client.delete(f"{USERS}/{other}", headers=root.headers))


async def test_a_deleted_account_cannot_sign_in(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    ada = await kit_app.add_user()
    await client.delete(f"{USERS}/{ada}", headers=root.headers)

    answer = await client.post("/api/auth/login", json=BODY)

    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)
