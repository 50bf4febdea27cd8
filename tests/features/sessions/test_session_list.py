"""Where one is signed in, and how to sign a device out."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from fastauth_kit.features.sessions import RevokedReason, SessionsRevoked
from tests.features.accounts.answers import (
    assert_bad_refresh_token,
    assert_bad_token,
    assert_done,
    assert_invalid,
    assert_no_credential,
    assert_refused,
)
from tests.features.accounts.people import Heard, Person, join, session_of
from tests.features.accounts.tokens import opens, refresh, rotate
from tests.kit_app import PASSWORD, KitApp, bearer

SESSIONS = "/api/auth/sessions"


async def listed(client: httpx2.AsyncClient, tokens: Any) -> list[dict[str, Any]]:
    answer = await client.get(SESSIONS, headers=bearer(tokens))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def id_of(tokens: Any) -> str:
    """Return the session's id as its refresh token has it."""
    session_id: str = tokens["refresh_token"].split(".")[1]
    return session_id


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [item["id"].replace("-", "") for item in found]


async def test_a_session_is_shown_with_what_is_known_of_it(kit_app: KitApp) -> None:
    await kit_app.add_user()
    login = {"email": "ada@example.com", "password": PASSWORD}
    async with kit_app.client(headers={"User-Agent": "Ada's \u001bphone"}) as client:
        tokens = (await client.post("/api/auth/login", json=login)).json()
        kit_app.clock.advance(minutes=1)
        tokens = await rotate(client, tokens)

        (shown,) = await listed(client, tokens)

    assert ids([shown]) == [id_of(tokens)]
    del shown["id"]
    assert shown == {
        "created_at": "2026-11-23T12:00:00.123456Z",
        "last_used_at": "2026-11-23T12:01:00.123456Z",
        "expires_at": "2026-12-07T12:01:00.123456Z",
        "ip": "203.0.113.7",
        "user_agent": "Ada's phone",
        "current": True,
    }


async def test_a_session_ends_with_its_absolute_lifetime_at_the_latest(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    tokens: Any = (await join(kit_app)).tokens
    for _ in range(8):
        kit_app.clock.advance(days=11)
        tokens = await rotate(client, tokens)

    (shown,) = await listed(client, tokens)

    assert shown["expires_at"] == "2027-02-21T12:00:00.123456Z"


async def test_without_a_user_agent_none_is_shown(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    async with kit_app.client(headers={"User-Agent": ""}) as client:
        login = {"email": "ada@example.com", "password": PASSWORD}
        tokens = (await client.post("/api/auth/login", json=login)).json()
        shown = {item["id"].replace("-", ""): item for item in await listed(client, ada.tokens)}

    assert shown[id_of(tokens)]["user_agent"] is None


async def test_the_latest_used_comes_first_and_only_the_one_that_asks_is_current(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    first: Any = (await join(kit_app)).tokens
    kit_app.clock.advance(seconds=1)
    second = await kit_app.sign_in()
    kit_app.clock.advance(seconds=1)
    third = await kit_app.sign_in()
    kit_app.clock.advance(seconds=1)
    first = await rotate(client, first)

    found = await listed(client, second)

    assert ids(found) == [id_of(first), id_of(third), id_of(second)]
    assert [item["current"] for item in found] == [False, False, True]


async def test_only_ones_own_sessions_are_listed(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    await join(kit_app, "bob@example.com")

    assert ids(await listed(client, ada.tokens)) == [id_of(ada.tokens)]


async def test_sessions_that_ended_are_not_listed(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    await kit_app.sign_in()  # expires
    out = await kit_app.sign_in()
    await client.post("/api/auth/logout", headers=bearer(out))
    kit_app.clock.advance(days=13)
    tokens = await rotate(client, ada.tokens)
    kit_app.clock.advance(days=1)

    found = await listed(client, await rotate(client, tokens))

    assert ids(found) == [id_of(ada.tokens)]


async def test_at_most_a_hundred_are_listed(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    rows = []
    row = await session_of(kit_app, ada)
    columns = [column.key for column in kit_app.session_model.__table__.columns]
    for _ in range(100):
        values = {name: getattr(row, name) for name in columns}
        rows.append(kit_app.session_model(**{**values, "id": uuid4()}))
    async with kit_app.sessions.begin() as session:
        session.add_all(rows)

    assert len(await listed(client, ada.tokens)) == 100


async def test_a_listing_costs_one_statement_beside_the_authentication(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    kit_app.statements.clear()

    await listed(client, ada.tokens)

    assert len(kit_app.statements) == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("DELETE", ""), ("DELETE", "/01a206e9-8240-7c24-95b7-caa08e585c14")],
)
async def test_the_list_wants_a_credential_that_works(
    client: httpx2.AsyncClient, method: str, path: str
) -> None:
    bad = {"Authorization": "Bearer no"}

    assert_no_credential(await client.request(method, SESSIONS + path))
    assert_bad_token(await client.request(method, SESSIONS + path, headers=bad))


async def test_a_device_is_signed_out_at_once(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    lost = await kit_app.sign_in()

    assert_done(await client.delete(f"{SESSIONS}/{id_of(lost)}", headers=ada.headers))

    assert_bad_token(await client.get("/api/users/me", headers=bearer(lost)))
    assert_bad_refresh_token(await refresh(client, lost))
    assert ids(await listed(client, ada.tokens)) == [id_of(ada.tokens)]


async def test_the_session_that_asks_may_end_itself(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)

    assert_done(await client.delete(f"{SESSIONS}/{id_of(ada.tokens)}", headers=ada.headers))

    assert not await opens(client, ada.tokens)


async def test_somebody_elses_session_is_as_unknown_as_none(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    root = await join(kit_app, "root@example.com", is_superuser=True)

    others = await client.delete(f"{SESSIONS}/{id_of(ada.tokens)}", headers=root.headers)
    nobodys = await client.delete(f"{SESSIONS}/{uuid4()}", headers=root.headers)

    assert_refused(others, 404, "session_not_found")
    assert others.json() == nobodys.json()
    assert await opens(client, ada.tokens)


async def test_a_session_ends_once(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    lost = await kit_app.sign_in()
    await client.delete(f"{SESSIONS}/{id_of(lost)}", headers=ada.headers)

    answer = await client.delete(f"{SESSIONS}/{id_of(lost)}", headers=ada.headers)

    assert_refused(answer, 404, "session_not_found")


@pytest.mark.parametrize("session_id", ["text", "1", str(2**70), "%00", "-"])
async def test_a_session_id_that_is_none_is_bad_input(
    kit_app: KitApp, client: httpx2.AsyncClient, session_id: str
) -> None:
    ada = await join(kit_app)

    answer = await client.delete(f"{SESSIONS}/{session_id}", headers=ada.headers)

    assert_invalid(answer, ("path", "session_id"))


async def test_every_other_device_is_signed_out_at_once(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    bob = await join(kit_app, "bob@example.com")
    others = [await kit_app.sign_in() for _ in range(3)]

    assert_done(await client.delete(SESSIONS, headers=ada.headers))

    assert [await opens(client, tokens) for tokens in others] == [False, False, False]
    assert await opens(client, await rotate(client, ada.tokens))
    assert await opens(client, bob.tokens)


async def test_signing_nobody_out_is_done_and_not_told(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)
    async with kit_app.client() as client:
        assert_done(await client.delete(SESSIONS, headers=ada.headers))

    assert heard.of(SessionsRevoked) == []


async def test_signing_out_is_told_with_its_reason(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)
    lost = Person(ada.id, await kit_app.sign_in())
    await kit_app.sign_in()
    await kit_app.sign_in()
    async with kit_app.client() as client:
        await client.delete(f"{SESSIONS}/{id_of(lost.tokens)}", headers=ada.headers)
        await client.delete(SESSIONS, headers=ada.headers)

    assert heard.of(SessionsRevoked) == [
        SessionsRevoked(ada.id, 1, RevokedReason.REVOKED, (await session_of(kit_app, lost)).id),
        SessionsRevoked(ada.id, 2, RevokedReason.REVOKED),
    ]


async def test_of_sessions_used_at_one_moment_the_newest_comes_first(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """Else the list would come in another order each time."""
    await kit_app.add_user()
    tokens = [await kit_app.sign_in() for _ in range(6)]

    found = ids(await listed(client, tokens[0]))

    assert found == sorted((id_of(each) for each in tokens), reverse=True)
