"""Each fault of the tutorial that the example grew from, and that it is mended.

Broadcasts with a dead socket and the unused Redis are in ``test_live.py``, the default
secret and Redis in ``test_settings.py``.
"""

import asyncio
import base64
import json
import threading
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import event

from fastauth_kit import Passwords
from tests.example import inside
from tests.example.inside import PASSWORD, Example

BYTES_72 = "x" * 72


def claims(token: str) -> dict[str, Any]:
    """Return what an access token says, as any client can read it."""
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return found


async def test_the_subject_of_a_token_is_text(inside_app: Example) -> None:
    """RFC 7519 wants a string; the tutorial's number is refused by today's libraries."""
    ada = await inside_app.person()

    me = await inside_app.client.get("/api/users/me", headers=ada.headers)

    assert claims(ada.tokens["access_token"])["sub"] == str(ada.id)
    assert me.json()["id"] == ada.id


async def test_neither_token_does_the_others_work(inside_app: Example) -> None:
    ada, client = await inside_app.person(), inside_app.client
    as_access = {"Authorization": f"Bearer {ada.tokens['refresh_token']}"}
    as_refresh = {"refresh_token": ada.tokens["access_token"]}

    me = await client.get("/api/users/me", headers=as_access)
    post = await client.post("/api/posts", json={"title": "x"}, headers=as_access)
    refreshed = await client.post("/api/auth/refresh", json=as_refresh)

    assert {me.status_code, post.status_code, refreshed.status_code} == {401}


async def test_a_refresh_token_is_replaced_and_its_theft_noticed(inside_app: Example) -> None:
    ada, client = await inside_app.person(), inside_app.client
    generations = [ada.tokens]
    for _ in range(2):
        sent = {"refresh_token": generations[-1]["refresh_token"]}
        generations.append((await client.post("/api/auth/refresh", json=sent)).json())
    headers = {"Authorization": f"Bearer {generations[-1]['access_token']}"}
    before = await client.get("/api/users/me", headers=headers)

    stolen = {"refresh_token": generations[0]["refresh_token"]}
    again = await client.post("/api/auth/refresh", json=stolen)
    after = await client.get("/api/users/me", headers=headers)

    assert len({tokens["refresh_token"] for tokens in generations}) == 3
    assert (before.status_code, again.status_code, after.status_code) == (200, 401, 401)
    assert again.json()["code"] == "invalid_refresh_token"


async def test_a_refresh_token_in_the_address_is_not_taken(inside_app: Example) -> None:
    """Addresses end up in logs."""
    ada = await inside_app.person()

    answer = await inside_app.client.post(
        "/api/auth/refresh", params={"refresh_token": ada.tokens["refresh_token"]}
    )

    assert answer.status_code == 422
    assert ada.tokens["refresh_token"] not in answer.text


async def test_every_time_says_that_it_is_utc(inside_app: Example) -> None:
    ada, client = await inside_app.person(), inside_app.client

    me = (await client.get("/api/users/me", headers=ada.headers)).json()
    (session,) = (await client.get("/api/auth/sessions", headers=ada.headers)).json()

    times = [value for row in (me, session) for name, value in row.items() if name.endswith("_at")]
    assert len(times) == 5
    assert all(time.endswith(("Z", "+00:00")) for time in times)


async def test_superusers_alone_make_accounts(inside_app: Example) -> None:
    ada, root = await inside_app.person(), await inside_app.person("root", superuser=True)
    new = {"email": "new@example.com", "password": PASSWORD, "is_superuser": True}

    answers = [
        await inside_app.client.post("/api/users", json=new, headers=headers)
        for headers in ({}, ada.headers, root.headers)
    ]

    assert [answer.status_code for answer in answers] == [401, 403, 201]


async def test_nobody_registers_as_more_than_they_are(inside_app: Example) -> None:
    wanted = {"is_superuser": True, "is_verified": True, "id": 99, "hashed_password": "x"}

    answer = await inside_app.client.post(
        "/api/auth/register", json={"email": "eve@example.com", "password": PASSWORD, **wanted}
    )

    made = answer.json()
    assert (made["is_superuser"], made["is_verified"]) == (False, False)
    assert made["id"] != 99
    assert "hashed_password" not in made


async def test_nobody_lists_or_reads_others_addresses(inside_app: Example) -> None:
    ada, eve = await inside_app.person(), await inside_app.person("eve")

    answers = [
        await inside_app.client.get(path, headers=headers)
        for headers in ({}, eve.headers)
        for path in ("/api/users", f"/api/users/{ada.id}", "/api/users/2147483647")
    ]

    assert [answer.status_code for answer in answers] == [401] * 3 + [403] * 3
    assert not any("ada@" in answer.text for answer in answers)


async def test_an_address_that_is_taken_is_refused_in_an_update(inside_app: Example) -> None:
    ada, root = await inside_app.person(), await inside_app.person("root", superuser=True)

    answer = await inside_app.client.patch(
        f"/api/users/{root.id}", json={"email": "Ada@Example.com"}, headers=root.headers
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "email_taken")
    assert ada.email not in answer.text


async def test_of_twenty_who_register_one_address_one_gets_it(inside_app: Example) -> None:
    spellings = ["ada@example.com", "ADA@example.com", "ada@EXAMPLE.com", " ada@example.com"]
    bodies = [{"email": email, "password": PASSWORD} for email in spellings * 5]

    answers = await asyncio.gather(
        *(inside_app.client.post("/api/auth/register", json=body) for body in bodies)
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: 19}
    assert {answer.json().get("code") for answer in answers} == {None, "email_taken"}
    assert await inside_app.execute("SELECT count(*) FROM users") == [1]
    assert await inside_app.execute("SELECT count(*) FROM profiles") == [1]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_others_are_answered_while_a_password_is_checked(
    inside_app: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check is held up until somebody else was answered: only a thread can bear that."""
    await inside_app.person()
    context = inside.module("auth").auth.feature(Passwords).hasher.context
    verify, answered = context.verify, threading.Event()
    loop, checking = asyncio.get_running_loop(), asyncio.Event()

    def verify_later(*arguments: Any) -> Any:
        loop.call_soon_threadsafe(checking.set)
        assert answered.wait(timeout=20), "nobody was answered meanwhile"
        return verify(*arguments)

    monkeypatch.setattr(context, "verify", verify_later)
    form = {"username": "ada@example.com", "password": PASSWORD}
    login = asyncio.create_task(inside_app.client.post("/api/auth/login", data=form))
    await checking.wait()
    health = await inside_app.client.get("/health")
    answered.set()

    assert health.json() == {"status": "healthy"}
    assert (await login).status_code == 200


async def test_a_deactivated_account_is_out_at_once(inside_app: Example) -> None:
    ada, root = await inside_app.person(), await inside_app.person("root", superuser=True)
    client = inside_app.client

    await client.patch(f"/api/users/{ada.id}", json={"is_active": False}, headers=root.headers)
    me = await client.get("/api/users/me", headers=ada.headers)
    post = await client.post("/api/posts", json={"title": "x"}, headers=ada.headers)
    refreshed = await client.post(
        "/api/auth/refresh", json={"refresh_token": ada.tokens["refresh_token"]}
    )

    assert [me.status_code, post.status_code, refreshed.status_code] == [401, 401, 401]


async def test_every_byte_of_a_long_password_counts(inside_app: Example) -> None:
    """Bcrypt looks at 72 of them."""
    account = {"email": "ada@example.com", "password": BYTES_72 + " and the end"}
    registered = await inside_app.client.post("/api/auth/register", json=account)

    logins = [
        await inside_app.client.post("/api/auth/login", json={**account, "password": password})
        for password in (account["password"], BYTES_72, BYTES_72 + " and another")
    ]

    assert registered.status_code == 201
    assert [login.status_code for login in logins] == [200, 401, 401]


@pytest.mark.parametrize("write", ["post", "account"])
async def test_what_fails_at_the_commit_was_never_acknowledged(
    inside_app: Example, write: str
) -> None:
    ada = await inside_app.person()
    path, body, table = {
        "post": ("/api/posts", {"title": "Hello"}, "posts"),
        "account": (
            "/api/auth/register",
            {"email": "n@example.com", "password": PASSWORD},
            "users",
        ),
    }[write]
    before = await inside_app.execute(f"SELECT count(*) FROM {table}")

    def fail(_: Any) -> None:
        raise RuntimeError("the disk is full")

    event.listen(inside_app.engine.sync_engine, "commit", fail)
    answer = await inside_app.client.post(path, json=body, headers=ada.headers)
    event.remove(inside_app.engine.sync_engine, "commit", fail)

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_server_error")
    assert "disk" not in answer.text
    assert await inside_app.execute(f"SELECT count(*) FROM {table}") == before
    again = await inside_app.client.post(path, json=body, headers=ada.headers)
    assert again.status_code == 201
