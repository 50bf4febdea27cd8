"""Whoever ends a session, ends it: nothing that runs at the same moment brings it back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from tests.invariants.crowd import (
    EVERY_DATABASE,
    Meeting,
    codes,
    open_connections,
    size_of_crowd,
    together,
)
from tests.kit_app import PASSWORD, KitApp, bearer

ROUNDS = 12

Request = Callable[[], Awaitable[httpx2.Response]]
Tokens = dict[str, Any]


def refreshing(client: httpx2.AsyncClient, tokens: Tokens) -> Request:
    body = {"refresh_token": tokens["refresh_token"]}
    return lambda: client.post("/api/auth/refresh", json=body)


def signing_in(client: httpx2.AsyncClient, password: str = PASSWORD) -> Request:
    body = {"email": "ada@example.com", "password": password}
    return lambda: client.post("/api/auth/login", json=body)


async def still_alive(client: httpx2.AsyncClient, *held: Tokens) -> list[str]:
    """Return which of these tokens work; asks for a refresh last, because it may rotate."""
    found = []
    for tokens in held:
        me = await client.get("/api/users/me", headers=bearer(tokens))
        if me.status_code != 401:
            found.append(f"access: {me.status_code} {me.text}")
    for tokens in held:
        again = await refreshing(client, tokens)()
        if again.status_code != 401:
            found.append(f"refresh: {again.status_code} {again.text}")
    return found


def tokens_in(*answers: httpx2.Response) -> list[Tokens]:
    """Return the tokens of those answers that gave some."""
    return [answer.json() for answer in answers if answer.status_code == 200]


@EVERY_DATABASE
async def test_many_refreshes_of_one_token_give_one_successor(crowd_app: KitApp) -> None:
    await crowd_app.add_user()
    tokens = await crowd_app.sign_in()
    count = size_of_crowd(crowd_app)
    await open_connections(crowd_app, count)
    Meeting(crowd_app, "UPDATE int_sessions").expect(count)

    async with crowd_app.client() as client:
        answers = await together(*[refreshing(client, tokens)] * count)

    assert codes(answers) == [(200, "")] * count
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


@EVERY_DATABASE
async def test_many_refreshes_of_one_token_move_one_generation(crowd_app: KitApp) -> None:
    await crowd_app.add_user()
    tokens = await crowd_app.sign_in()
    count = size_of_crowd(crowd_app)
    await open_connections(crowd_app, count)
    Meeting(crowd_app, "UPDATE int_sessions").expect(count)

    async with crowd_app.client() as client:
        await together(*[refreshing(client, tokens)] * count)

    async with crowd_app.sessions() as session:
        generations = await session.scalars(select(crowd_app.session_model.refresh_generation))
        assert list(generations) == [1]


@EVERY_DATABASE
async def test_a_refresh_that_was_overtaken_turns_no_generation_back(crowd_app: KitApp) -> None:
    """Its token is by then two generations old, hence a stolen one."""
    await crowd_app.add_user()
    tokens = await crowd_app.sign_in()
    meeting = Meeting(crowd_app, "UPDATE int_sessions")
    meeting.expect(2)
    async with crowd_app.client() as client:
        late = asyncio.ensure_future(refreshing(client, tokens)())
        await meeting.overtake_the_first()
        second = (await refreshing(client, tokens)()).json()
        third = (await refreshing(client, second)()).json()

        meeting.end()

        assert codes([await late]) == [(401, "invalid_refresh_token")]
        assert await still_alive(client, tokens, second, third) == []


@pytest.mark.parametrize("presented", ["access_token", "refresh_token"])
async def test_logout_against_refresh_leaves_nothing_alive(
    warm_app: KitApp, presented: str
) -> None:
    await warm_app.add_user()
    async with warm_app.client() as client:
        for _ in range(ROUNDS):
            tokens = await warm_app.sign_in()
            options: dict[str, Any] = (
                {"headers": bearer(tokens)}
                if presented == "access_token"
                else {"json": {"refresh_token": tokens["refresh_token"]}}
            )

            out, *fresh = await together(
                lambda options=options: client.post("/api/auth/logout", **options),
                refreshing(client, tokens),
                refreshing(client, tokens),
            )

            assert out.status_code == 204, out.text
            assert await still_alive(client, tokens, *tokens_in(*fresh)) == []


@pytest.mark.parametrize("route", ["one", "others"])
async def test_revoking_against_refresh_leaves_nothing_alive(warm_app: KitApp, route: str) -> None:
    await warm_app.add_user()
    mine = bearer(await warm_app.sign_in())
    async with warm_app.client() as client:
        for _ in range(ROUNDS):
            tokens = await warm_app.sign_in()
            listed = (await client.get("/api/auth/sessions", headers=mine)).json()
            [session_id] = [row["id"] for row in listed if not row["current"]]
            url = f"/api/auth/sessions/{session_id}" if route == "one" else "/api/auth/sessions"

            revoked, *fresh = await together(
                lambda url=url: client.delete(url, headers=mine),
                refreshing(client, tokens),
                refreshing(client, tokens),
            )

            assert revoked.status_code == 204, revoked.text
            assert await still_alive(client, tokens, *tokens_in(*fresh)) == []


async def test_theft_against_refresh_leaves_nothing_alive(warm_app: KitApp) -> None:
    await warm_app.add_user()
    async with warm_app.client() as client:
        for _ in range(ROUNDS):
            stolen = await warm_app.sign_in()
            latest = (await refreshing(client, stolen)()).json()
            warm_app.clock.advance(seconds=11)

            refused, fresh = await together(refreshing(client, stolen), refreshing(client, latest))

            assert refused.status_code == 401
            assert await still_alive(client, stolen, latest, *tokens_in(fresh)) == []


async def test_a_new_password_against_login_leaves_no_session_of_the_old_one(
    warm_app: KitApp,
) -> None:
    await warm_app.add_user()
    mine = bearer(await warm_app.sign_in())
    old, new = PASSWORD, "another horse battery"
    async with warm_app.client() as client:
        for _ in range(ROUNDS):
            tokens = await warm_app.sign_in(password=old)
            body = {"current_password": old, "new_password": new}

            changed, *born = await together(
                lambda body=body: client.post("/api/auth/password/change", headers=mine, json=body),
                signing_in(client, old),
                signing_in(client, old),
                refreshing(client, tokens),
            )

            assert changed.status_code == 204, changed.text
            assert await still_alive(client, tokens, *tokens_in(*born)) == []
            old, new = new, old


async def test_of_two_new_passwords_at_once_one_holds(warm_app: KitApp) -> None:
    await warm_app.add_user()
    mine = bearer(await warm_app.sign_in())
    current = PASSWORD
    async with warm_app.client() as client:
        for number in range(ROUNDS):
            wanted = [f"horse battery {number} {side}" for side in ("left", "right")]

            def change(new: str, current: str = current) -> Request:
                body = {"current_password": current, "new_password": new}
                return lambda: client.post("/api/auth/password/change", headers=mine, json=body)

            answers = await together(*map(change, wanted))

            assert codes(answers) == [(204, ""), (400, "invalid_password")]
            won = [answer.status_code == 204 for answer in answers].index(True)
            works = [(await signing_in(client, new)()).status_code == 200 for new in wanted]
            assert works == [won == 0, won == 1]
            current = wanted[won]


async def test_deactivation_against_refresh_and_login_leaves_nothing_alive(
    warm_app: KitApp,
) -> None:
    """Nor does it come back to life when the account does."""
    ada = await warm_app.add_user()
    await warm_app.add_user("root@example.com", is_superuser=True)
    admin = bearer(await warm_app.sign_in("root@example.com"))
    async with warm_app.client() as client:

        def set_active(value: bool) -> Request:
            url, body = f"/api/users/{ada}", {"is_active": value}
            return lambda: client.patch(url, headers=admin, json=body)

        for _ in range(ROUNDS):
            tokens = await warm_app.sign_in()

            switched, *fresh = await together(
                set_active(False), refreshing(client, tokens), signing_in(client)
            )

            assert switched.status_code == 200, switched.text
            assert (await set_active(True)()).status_code == 200
            assert await still_alive(client, tokens, *tokens_in(*fresh)) == []


async def test_deletion_against_refresh_and_login_leaves_nothing_alive(warm_app: KitApp) -> None:
    await warm_app.add_user("root@example.com", is_superuser=True)
    admin = bearer(await warm_app.sign_in("root@example.com"))
    async with warm_app.client() as client:
        for _ in range(ROUNDS):
            ada = await warm_app.add_user()
            tokens = await warm_app.sign_in()

            deleted, *fresh = await together(
                lambda ada=ada: client.delete(f"/api/users/{ada}", headers=admin),
                refreshing(client, tokens),
                signing_in(client),
            )

            assert deleted.status_code == 204, deleted.text
            assert await still_alive(client, tokens, *tokens_in(*fresh)) == []
