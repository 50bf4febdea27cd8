"""Nobody learns from a login who has an account, or gets in with what no longer holds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import bcrypt
import httpx2
import pytest
from sqlalchemy import delete

from fastauth_kit.core.errors import Busy
from fastauth_kit.features.passwords import HashingPool, PasswordHasher
from fastauth_kit.features.passwords.hashing import Verification
from tests.features.accounts.answers import BEARER, assert_refused
from tests.features.accounts.people import Counted, pool_of, rebuilt, store, stored
from tests.kit_app import PASSWORD, KitApp, cheap_context

LOGIN = "/api/auth/login"
GOOD = {"email": "ada@example.com", "password": PASSWORD}


def refused_logins() -> dict[str, dict[str, str]]:
    return {
        "unknown": {"email": "nobody@example.com", "password": PASSWORD},
        "wrong": {"email": "ada@example.com", "password": "wrong horse battery"},
        "without": {"email": "without@example.com", "password": PASSWORD},
        "malformed": {"email": "malformed@example.com", "password": PASSWORD},
        "inactive": {"email": "inactive@example.com", "password": "wrong horse battery"},
        "no address": {"email": "no address", "password": PASSWORD},
    }


async def populate(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await kit_app.add_user("without@example.com", password=None)
    await kit_app.add_user("inactive@example.com", is_active=False)
    malformed = await kit_app.add_user("malformed@example.com")
    await store(kit_app, malformed, hashed_password="no hash")


@pytest.mark.parametrize("who", sorted(set(refused_logins()) - {"unknown"}))
async def test_every_refusal_looks_the_same_from_outside(
    kit_app: KitApp, client: httpx2.AsyncClient, who: str
) -> None:
    await populate(kit_app)

    unknown = await client.post(LOGIN, json=refused_logins()["unknown"])
    answer = await client.post(LOGIN, json=refused_logins()[who])

    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)
    assert answer.content == unknown.content
    assert answer.headers == unknown.headers


@pytest.mark.parametrize("who", sorted(refused_logins()))
async def test_every_refusal_costs_one_statement_and_one_hash(kit_app: KitApp, who: str) -> None:
    await populate(kit_app)
    counted = Counted()
    hasher = PasswordHasher(context=counted, pool=pool_of(kit_app))
    built = rebuilt(kit_app, hasher=hasher)
    async with built.client() as client:
        await client.post(LOGIN, json=GOOD)  # makes the stand-in
        counted.work.clear()
        kit_app.statements.clear()

        await client.post(LOGIN, json=refused_logins()[who])

    assert counted.work == ["verify"]
    assert len(kit_app.statements) == 1


async def test_a_success_costs_one_hash(kit_app: KitApp) -> None:
    await kit_app.add_user()
    counted = Counted()
    built = rebuilt(kit_app, hasher=PasswordHasher(context=counted, pool=pool_of(kit_app)))
    async with built.client() as client:
        await client.post(LOGIN, json=GOOD)
        counted.work.clear()

        await client.post(LOGIN, json=GOOD)

    assert counted.work == ["verify"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Interrupted(PasswordHasher):
    """Lets something happen between the check of a password and what rests on it."""

    meanwhile: Callable[[], Awaitable[object]]

    async def verify(
        self, password: str, stored: str | None, *, shut: bool = False
    ) -> Verification:
        found = await super().verify(password, stored, shut=shut)
        await self.meanwhile()
        return found


def interrupted(kit_app: KitApp, meanwhile: Callable[[], Awaitable[object]]) -> KitApp:
    hasher = Interrupted(context=cheap_context(), pool=pool_of(kit_app), meanwhile=meanwhile)
    return rebuilt(kit_app, hasher=hasher)


@pytest.mark.parametrize("scheme", ["argon2", "bcrypt"])
async def test_a_password_replaced_while_it_was_checked_no_longer_signs_in(
    kit_app: KitApp, scheme: str
) -> None:
    user_id = await kit_app.add_user()
    if scheme == "bcrypt":  # which is due to be replaced
        legacy = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        await store(kit_app, user_id, hashed_password=legacy)
    new = cheap_context().hash("another horse battery")
    built = interrupted(kit_app, lambda: store(kit_app, user_id, hashed_password=new))

    async with built.client() as client:
        answer = await client.post(LOGIN, json=GOOD)

    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)
    assert (await stored(kit_app, user_id)).hashed_password == new


async def test_a_user_deactivated_while_the_password_was_checked_does_not_sign_in(
    kit_app: KitApp,
) -> None:
    user_id = await kit_app.add_user()
    built = interrupted(kit_app, lambda: store(kit_app, user_id, is_active=False))

    async with built.client() as client:
        answer = await client.post(LOGIN, json=GOOD)

    assert_refused(answer, 400, "inactive_user")


async def test_an_account_closed_while_the_password_was_checked_does_not_sign_in(
    kit_app: KitApp,
) -> None:
    user_id = await kit_app.add_user()

    async def remove() -> None:
        gone = delete(kit_app.user_model).where(kit_app.user_model.id == user_id)
        async with kit_app.sessions.begin() as session:
            await session.execute(gone)

    async with interrupted(kit_app, remove).client() as client:
        answer = await client.post(LOGIN, json=GOOD)

    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)


async def test_no_connection_is_held_while_hashing(make_app: Any) -> None:
    kit_app = make_app()
    await kit_app.add_user()
    held: list[int] = []

    async def look() -> None:
        held.append(kit_app.app_engine.pool.checkedout())

    async with interrupted(kit_app, look).client() as client:
        await client.post(LOGIN, json=GOOD)

    assert held == [0]


class Full(HashingPool):
    """A pool that has no room for one more."""

    async def run(self, function: Callable[[], Any]) -> Any:
        raise Busy


async def test_where_too_many_wait_the_client_is_told_when_to_come_back(
    kit_app: KitApp,
) -> None:
    await kit_app.add_user()
    built = rebuilt(kit_app, hasher=PasswordHasher(context=cheap_context(), pool=Full()))

    async with built.client() as client:
        answer = await client.post(LOGIN, json=GOOD)

    assert_refused(answer, 503, "busy")
    assert answer.headers["retry-after"] == "1"


async def test_many_at_once_each_get_a_session_of_their_own(kit_app: KitApp) -> None:
    await kit_app.add_user()

    logins = await asyncio.gather(*(kit_app.sign_in() for _ in range(5)))

    assert len({tokens["refresh_token"] for tokens in logins}) == 5
