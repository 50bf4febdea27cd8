"""Login where the stored hash was made elsewhere, or is none."""

import argon2
import bcrypt
import httpx2
import pytest
from passlib.hash import django_pbkdf2_sha256, pbkdf2_sha256, phpass
from sqlalchemy import func, select

from fastauth_kit import Passwords
from tests.features.accounts.answers import (
    BEARER,
    assert_refused,
    assert_tokens,
)
from tests.features.accounts.people import store, stored
from tests.kit_app import PASSWORD, KitApp

LOGIN = "/api/auth/login"
GOOD = {"email": "ada@example.com", "password": PASSWORD}
FORM = {"username": "ada@example.com", "password": PASSWORD}

one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


def assert_wrong(answer: httpx2.Response) -> None:
    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)


async def count_sessions(kit_app: KitApp) -> int:
    async with kit_app.sessions() as session:
        count = select(func.count()).select_from(kit_app.session_model)
        return int(await session.scalar(count) or 0)


ELSEWHERE = {
    "bcrypt": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
    "django": django_pbkdf2_sha256.using(rounds=1000).hash(PASSWORD),
    "pbkdf2": pbkdf2_sha256.using(rounds=1000).hash(PASSWORD),
    "phpass": phpass.using(rounds=7).hash(PASSWORD),
}


@pytest.mark.parametrize("scheme", sorted(ELSEWHERE))
async def test_a_hash_from_elsewhere_signs_in_and_is_replaced(
    kit_app: KitApp, client: httpx2.AsyncClient, scheme: str
) -> None:
    user_id = await kit_app.add_user()
    before = kit_app.clock.now
    await store(kit_app, user_id, hashed_password=ELSEWHERE[scheme])
    kit_app.clock.advance(days=1)

    assert_tokens(await client.post(LOGIN, json=GOOD))

    user = await stored(kit_app, user_id)
    assert user.hashed_password.startswith("$argon2id$")
    assert user.updated_at == before
    assert_tokens(await client.post(LOGIN, json=GOOD))


@one_database
async def test_a_stronger_hash_is_replaced_too(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    """While it stays, a wrong password takes longer than an unknown address does."""
    user_id = await kit_app.add_user()
    imported = argon2.PasswordHasher(memory_cost=65536, time_cost=3, parallelism=4).hash(PASSWORD)
    await store(kit_app, user_id, hashed_password=imported)

    assert_tokens(await client.post(LOGIN, json=GOOD))

    user = await stored(kit_app, user_id)
    assert user.hashed_password.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert_tokens(await client.post(LOGIN, json=GOOD))


@pytest.mark.parametrize("scheme", sorted(ELSEWHERE))
async def test_a_wrong_password_replaces_no_hash(
    kit_app: KitApp, client: httpx2.AsyncClient, scheme: str
) -> None:
    user_id = await kit_app.add_user()
    await store(kit_app, user_id, hashed_password=ELSEWHERE[scheme])

    assert_wrong(await client.post(LOGIN, json={**GOOD, "password": "wrong horse"}))

    assert (await stored(kit_app, user_id)).hashed_password == ELSEWHERE[scheme]


async def test_a_deactivated_user_gets_no_new_hash(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """The refusal rolls back."""
    user_id = await kit_app.add_user()
    await store(kit_app, user_id, is_active=False, hashed_password=ELSEWHERE["bcrypt"])

    assert_refused(await client.post(LOGIN, json=GOOD), 400, "inactive_user")

    assert (await stored(kit_app, user_id)).hashed_password == ELSEWHERE["bcrypt"]


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "!",
        "plain text",
        PASSWORD,
        "$argon2id$",
        "$argon2id$v=19$m=8,t=1,p=1$short",
        "$2b$04$short",
        "$2b$99$" + "a" * 53,
        "pbkdf2_sha256$many$salt$hash",
        "$pbkdf2-sha256$1$!$!",
        "$P$",
        "$1$abc$def",
    ],
)
async def test_a_stored_hash_that_is_none_is_a_wrong_password(
    kit_app: KitApp, client: httpx2.AsyncClient, malformed: str
) -> None:
    user_id = await kit_app.add_user()
    await store(kit_app, user_id, hashed_password=malformed)

    assert_wrong(await client.post(LOGIN, json=GOOD))


async def test_a_login_within_a_transaction_of_the_callers_leaves_it_open(kit_app: KitApp) -> None:
    """It holds their connection while hashing: what they wrote would be lost otherwise."""
    await kit_app.add_user()

    async with (
        kit_app.sessions() as session,
        session.begin(),
        kit_app.auth.work_for(session) as work,
    ):
        await kit_app.auth.feature(Passwords).log_in(work, "ada@example.com", PASSWORD)
        assert session.in_transaction()

    async with kit_app.sessions() as session:
        assert len((await session.scalars(select(kit_app.session_model.id))).all()) == 1
