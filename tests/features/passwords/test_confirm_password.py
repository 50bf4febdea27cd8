"""The signed-in user proves the password again: the session goes on, its login is recent."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from fastauth_kit.features.passwords import ConfirmationFailed, PasswordHasher
from fastauth_kit.features.sessions import Reauthenticated
from tests.core.parts import race
from tests.core.test_login_gate import Toy
from tests.features.accounts.answers import (
    BEARER_INSUFFICIENT,
    assert_bad_token,
    assert_done,
    assert_invalid,
    assert_no_credential,
    assert_refused,
)
from tests.features.accounts.people import (
    Counted,
    Heard,
    Person,
    join,
    join_without_password,
    pool_of,
    rebuilt,
    session_of,
    store,
)
from tests.features.accounts.tokens import opens, rotate
from tests.features.passwords.test_login_uniformity import interrupted
from tests.kit_app import PASSWORD, KitApp, cheap_context

CONFIRM = "/api/auth/password/confirm"

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


async def confirm(
    client: httpx2.AsyncClient, person: Person, password: Any = PASSWORD
) -> httpx2.Response:
    return await client.post(CONFIRM, json={"password": password}, headers=person.headers)


@pytest.fixture
async def ada(kit_app: KitApp) -> Person:
    """Somebody who signed in some minutes ago."""
    ada = await join(kit_app)
    kit_app.clock.advance(minutes=20)
    return ada


async def test_the_login_is_recent_again_and_nothing_else_changes(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    before = await session_of(kit_app, ada)

    assert_done(await confirm(client, ada))

    after, now = await session_of(kit_app, ada), kit_app.clock.now
    assert after.authenticated_at == now
    assert after.amr == {"pwd": now.isoformat()}
    others = ("created_at", "last_used_at", "idle_expires_at", "absolute_expires_at", "revoked_at")
    assert [getattr(after, name) for name in others] == [getattr(before, name) for name in others]
    assert await opens(client, ada.tokens)
    assert await opens(client, await rotate(client, ada.tokens))


async def test_other_sessions_are_as_old_as_before(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    bob = await join(kit_app, "bob@example.com")
    elsewhere = Person(ada.id, await kit_app.sign_in())
    then = kit_app.clock.now
    kit_app.clock.advance(minutes=1)

    await confirm(client, ada)

    for person in (bob, elsewhere):
        assert (await session_of(kit_app, person)).authenticated_at == then


async def test_it_is_told(make_app: Callable[..., KitApp]) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)

    async with kit_app.client() as client:
        await confirm(client, ada)
        await confirm(client, ada, "wrong")

    row = await session_of(kit_app, ada)
    assert heard.of(Reauthenticated) == [Reauthenticated(ada.id, row.id, "pwd")]
    assert heard.of(ConfirmationFailed) == [ConfirmationFailed(ada.id)]


@pytest.mark.parametrize("password", ["wrong horse", "", PASSWORD + " ", PASSWORD.upper()])
async def test_the_password_must_be_right(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, password: str
) -> None:
    before = (await session_of(kit_app, ada)).authenticated_at

    assert_refused(await confirm(client, ada, password), 400, "invalid_password")

    assert (await session_of(kit_app, ada)).authenticated_at == before


async def test_that_of_another_account_does_not_do(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    await kit_app.add_user("bob@example.com", password="the battery of bob")

    answer = await confirm(client, ada, "the battery of bob")

    assert_refused(answer, 400, "invalid_password")


@ONE_DATABASE
@pytest.mark.parametrize("password", [None, 7, True, [PASSWORD], {"a": PASSWORD}, "\ud800", "\x00"])
async def test_what_is_no_password_is_refused(
    client: httpx2.AsyncClient, ada: Person, password: Any
) -> None:
    text = '{"password": "\\ud800"}' if password == "\ud800" else None
    if text is None:
        answer = await confirm(client, ada, password)
    else:
        headers = {**ada.headers, "Content-Type": "application/json"}
        answer = await client.post(CONFIRM, content=text, headers=headers)

    assert_invalid(answer, ("body", "password"))


@ONE_DATABASE
async def test_a_body_of_another_kind_is_refused(client: httpx2.AsyncClient, ada: Person) -> None:
    form = await client.post(CONFIRM, data={"password": PASSWORD}, headers=ada.headers)
    empty = await client.post(CONFIRM, headers=ada.headers)
    large = await confirm(client, ada, "x" * 1_000_000)

    assert [answer.status_code for answer in (form, empty, large)] == [422, 422, 413]


@ONE_DATABASE
async def test_it_is_for_who_is_signed_in(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    assert_no_credential(await client.post(CONFIRM, json={"password": PASSWORD}))

    await client.post("/api/auth/logout", headers=ada.headers)

    assert_bad_token(await confirm(client, ada))


async def test_an_account_without_a_password_signs_in_again(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """However recent the login: else it could be kept recent for ever."""
    ada = await join_without_password(kit_app)

    answer = await confirm(client, ada, "")

    assert_refused(answer, 401, "recent_login_required", challenge=BEARER_INSUFFICIENT)


async def test_one_factor_does_not_renew_what_took_two(make_app: Callable[..., KitApp]) -> None:
    toy = Toy(enrolled=False)
    kit_app = make_app(hooks=(toy,))
    ada = await join(kit_app)
    toy.enrolled = True
    before = (await session_of(kit_app, ada)).authenticated_at
    kit_app.clock.advance(minutes=1)

    async with kit_app.client() as client:
        answer = await confirm(client, ada)

    assert_refused(answer, 401, "recent_login_required", challenge=BEARER_INSUFFICIENT)
    assert (await session_of(kit_app, ada)).authenticated_at == before


async def test_a_session_that_ended_while_hashing_is_not_renewed(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    then = (await session_of(kit_app, ada)).authenticated_at
    kit_app.clock.advance(minutes=1)

    async def log_out() -> None:
        async with kit_app.client() as client:
            assert_done(await client.post("/api/auth/logout", headers=ada.headers))

    async with interrupted(kit_app, log_out).client() as client:
        assert_bad_token(await confirm(client, ada))

    assert (await session_of(kit_app, ada)).authenticated_at == then


async def test_a_password_that_changed_while_hashing_proves_nothing(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    other = cheap_context().hash("the other horse")
    built = interrupted(kit_app, lambda: store(kit_app, ada.id, hashed_password=other))

    async with built.client() as client:
        assert_refused(await confirm(client, ada), 400, "invalid_password")


async def test_parallel_confirmations_all_count(kit_app: KitApp, ada: Person) -> None:
    async def act(_: int, barrier: Any) -> int:
        async with kit_app.client() as client:
            await barrier.wait()
            return (await confirm(client, ada)).status_code

    assert await race(5, act) == [204] * 5
    assert (await session_of(kit_app, ada)).amr == {"pwd": kit_app.clock.now.isoformat()}


@ONE_DATABASE
async def test_it_costs_one_hash_whatever_the_password(kit_app: KitApp, ada: Person) -> None:
    counted = Counted()
    built = rebuilt(kit_app, hasher=PasswordHasher(context=counted, pool=pool_of(kit_app)))
    async with built.client() as client:
        await confirm(client, ada)  # the first one also makes what unknown accounts are worked on
        for password in (PASSWORD, "wrong"):
            counted.work.clear()
            await confirm(client, ada, password)
            assert counted.work == ["verify"]
