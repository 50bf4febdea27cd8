"""The change of a password by its owner, and what ends with it."""

from typing import Any

import httpx2
import pytest

from fastauth_kit.features.passwords import PasswordChanged, PasswordHasher
from fastauth_kit.features.sessions import RevokedReason, SessionsRevoked
from tests.both_transports import both_transports
from tests.features.accounts.answers import (
    BEARER,
    BEARER_RECENT,
    assert_bad_refresh_token,
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
    store,
    stored,
    works,
)
from tests.features.accounts.tokens import opens, refresh, rotate
from tests.features.passwords.test_login_uniformity import interrupted
from tests.kit_app import PASSWORD, KitApp, bearer, cheap_context

CHANGE = "/api/auth/password/change"
NEW = "another horse battery"
BODY = {"current_password": PASSWORD, "new_password": NEW}


async def change(client: httpx2.AsyncClient, person: Person, **fields: Any) -> httpx2.Response:
    return await client.post(CHANGE, json={**BODY, **fields}, headers=person.headers)


@both_transports
async def test_the_new_password_signs_in_and_the_old_one_no_longer(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)

    assert_done(await change(client, ada))

    old = {"email": "ada@example.com", "password": PASSWORD}
    answer = await client.post("/api/auth/login", json=old)
    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)
    assert await kit_app.sign_in(password=NEW)


@both_transports
async def test_this_session_goes_on(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)

    await change(client, ada)

    assert await works(client, ada)
    assert await opens(client, await rotate(client, ada.tokens))


@both_transports
async def test_every_other_session_ends_at_once(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    bob = await join(kit_app, "bob@example.com")
    elsewhere = await kit_app.sign_in()

    await change(client, ada)

    assert_bad_token(await client.get("/api/users/me", headers=bearer(elsewhere)))
    assert_bad_refresh_token(await refresh(client, elsewhere))
    assert await works(client, bob)


async def test_a_change_is_told(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)
    await kit_app.sign_in()

    async with kit_app.client() as client:
        await change(client, ada)

    assert heard.of(PasswordChanged) == [PasswordChanged(ada.id)]
    assert heard.of(SessionsRevoked) == [SessionsRevoked(ada.id, 1, RevokedReason.PASSWORD)]


async def test_a_change_counts_as_a_change_of_the_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    kit_app.clock.advance(minutes=1)

    await change(client, ada)

    assert (await stored(kit_app, ada.id)).updated_at == kit_app.clock.now


@pytest.mark.parametrize("current", ["wrong horse", "", None, PASSWORD + " "])
async def test_the_current_password_must_be_right(
    kit_app: KitApp, client: httpx2.AsyncClient, current: str | None
) -> None:
    ada = await join(kit_app)
    elsewhere = await kit_app.sign_in()

    answer = await change(client, ada, current_password=current)

    assert_refused(answer, 400, "invalid_password")
    assert await opens(client, elsewhere)
    assert await kit_app.sign_in()


async def test_the_current_password_must_be_there(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)

    answer = await client.post(CHANGE, json={"new_password": NEW}, headers=ada.headers)

    assert_refused(answer, 400, "invalid_password")


@pytest.mark.parametrize(
    "new",
    ["tiny pw", "hunter2" * 40, "password123", "ada@example.com", "augusta ada", None, 7],
)
async def test_a_password_against_the_policy_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, new: Any
) -> None:
    ada = await join(kit_app, name="Augusta Ada")

    answer = await change(client, ada, new_password=new)

    assert_invalid(answer, ("body", "new_password"))
    assert await kit_app.sign_in()


@pytest.mark.parametrize("new", ["tiny pw", "hunter2" * 40, ["s3cret"]])
async def test_a_refused_password_is_not_repeated(
    kit_app: KitApp, client: httpx2.AsyncClient, new: Any
) -> None:
    ada = await join(kit_app)

    answer = await change(client, ada, new_password=new)

    assert answer.status_code == 422
    assert not any(part in answer.text for part in ("tiny pw", "hunter2", "s3cret"))


async def test_who_does_not_know_the_password_is_told_nothing_of_the_policy(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)

    answer = await change(client, ada, current_password="wrong horse", new_password="short")

    assert_refused(answer, 400, "invalid_password")


@both_transports
async def test_a_change_wants_a_credential_that_works(client: httpx2.AsyncClient) -> None:
    assert_no_credential(await client.post(CHANGE, json=BODY))
    bad = {"Authorization": "Bearer no"}
    assert_bad_token(await client.post(CHANGE, json=BODY, headers=bad))


@both_transports
async def test_a_first_password_is_set_after_a_recent_login(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join_without_password(kit_app)
    kit_app.clock.advance(minutes=5)

    answer = await client.post(CHANGE, json={"new_password": NEW}, headers=ada.headers)

    assert_done(answer)
    assert await kit_app.sign_in(password=NEW)


@pytest.mark.parametrize("current", [{}, {"current_password": PASSWORD}])
async def test_after_an_older_login_no_first_password_is_set(
    kit_app: KitApp, client: httpx2.AsyncClient, current: dict[str, str]
) -> None:
    ada = await join_without_password(kit_app)
    kit_app.clock.advance(minutes=5, microseconds=1)

    answer = await client.post(CHANGE, json={"new_password": NEW, **current}, headers=ada.headers)

    assert_refused(answer, 401, "recent_login_required", challenge=BEARER_RECENT)
    assert (await stored(kit_app, ada.id)).hashed_password is None


@both_transports
async def test_a_refresh_makes_no_login_recent(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join_without_password(kit_app)
    kit_app.clock.advance(minutes=6)
    tokens = await rotate(client, ada.tokens)

    answer = await client.post(CHANGE, json={"new_password": NEW}, headers=bearer(tokens))

    assert_refused(answer, 401, "recent_login_required", challenge=BEARER_RECENT)


async def test_a_change_costs_two_hashes(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    counted = Counted()
    built = rebuilt(kit_app, hasher=PasswordHasher(context=counted, pool=pool_of(kit_app)))
    async with built.client() as client:
        await client.post("/api/auth/login", json={"email": "x", "password": "x"})
        counted.work.clear()

        await change(client, ada)

    assert counted.work == ["verify", "hash"]


async def test_of_two_changes_the_one_that_lost_is_refused(kit_app: KitApp) -> None:
    """The password that was proven is not the one in force any more."""
    ada = await join(kit_app)
    other = cheap_context().hash("the other horse")
    built = interrupted(kit_app, lambda: store(kit_app, ada.id, hashed_password=other))

    async with built.client() as client:
        answer = await change(client, ada)

    assert_refused(answer, 400, "invalid_password")
    assert (await stored(kit_app, ada.id)).hashed_password == other


async def test_a_first_password_is_set_once(kit_app: KitApp) -> None:
    """Between the proof and the write, another request set one."""
    ada = await join_without_password(kit_app)
    other = cheap_context().hash("the other horse")

    class Overtaken(PasswordHasher):
        async def hash(self, password: str, *, field: str = "password") -> str:
            made = await super().hash(password, field=field)
            await store(kit_app, ada.id, hashed_password=other)
            return made

    hasher = Overtaken(context=cheap_context(), pool=pool_of(kit_app))
    async with rebuilt(kit_app, hasher=hasher).client() as client:
        answer = await client.post(CHANGE, json={"new_password": NEW}, headers=ada.headers)

    assert_refused(answer, 400, "invalid_password")
    assert (await stored(kit_app, ada.id)).hashed_password == other


async def test_closing_fails_if_the_password_was_changed_meanwhile(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    other = cheap_context().hash("the other horse")
    built = interrupted(kit_app, lambda: store(kit_app, ada.id, hashed_password=other))

    async with built.client() as client:
        answer = await client.request(
            "DELETE", "/api/users/me", json={"password": PASSWORD}, headers=ada.headers
        )

    assert_refused(answer, 400, "invalid_password")
    assert await stored(kit_app, ada.id) is not None
