"""Many who present one link at once, each on a database connection of its own."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from fastauth_kit.features.password_reset import PasswordReset
from tests.invariants.crowd import (
    EVERY_DATABASE,
    Meeting,
    codes,
    crowd_options,
    open_connections,
    size_of_crowd,
    together,
)
from tests.kit_app import PASSWORD, KitApp, bearer
from tests.mailing import LINK, mail_features, mailed_token, mails, text_of
from tests.servers.modes import Mode

NEW = "another horse battery"


@pytest.fixture
def crowd_app(make_app: Callable[..., KitApp], isolation: Mode) -> KitApp:
    return make_app(more_features=mail_features(PasswordReset()), **crowd_options(isolation))


async def link(kit_app: KitApp, client: httpx2.AsyncClient) -> str:
    await client.post("/api/auth/password/forgot", json={"email": "ada@example.com"})
    return await mailed_token(kit_app)


def reset(
    client: httpx2.AsyncClient, token: str, password: str
) -> Callable[[], Awaitable[httpx2.Response]]:
    body = {"token": token, "new_password": password}
    return lambda: client.post("/api/auth/password/reset", json=body)


@EVERY_DATABASE
async def test_of_many_resets_with_one_link_one_counts(crowd_app: KitApp) -> None:
    await crowd_app.add_user()
    count = min(size_of_crowd(crowd_app), 12)
    async with crowd_app.client() as client:
        token = await link(crowd_app, client)
        await open_connections(crowd_app, count)
        Meeting(crowd_app, "FROM int_one_time_tokens").expect(count)

        passwords = [f"{NEW} {number}" for number in range(count)]
        answers = await together(*[reset(client, token, password) for password in passwords])

        lost = (400, "invalid_one_time_token")
        assert codes(answers) == [(204, "")] + [lost] * (count - 1)
        (winner,) = [
            password
            for password, answer in zip(passwords, answers, strict=True)
            if answer.status_code == 204
        ]
        assert (await crowd_app.sign_in(password=winner))["access_token"]


@EVERY_DATABASE
async def test_no_session_of_the_old_password_survives_a_reset_beside_a_login(
    crowd_app: KitApp,
) -> None:
    await crowd_app.add_user()
    await open_connections(crowd_app, 2)
    old, new = PASSWORD, NEW
    async with crowd_app.client() as client:
        for _ in range(6):
            token, body = await link(crowd_app, client), {"email": "ada@example.com"}
            login, done = await together(
                lambda body={**body, "password": old}: client.post("/api/auth/login", json=body),
                reset(client, token, new),
            )

            assert done.status_code == 204
            if login.status_code == 200:
                me = await client.get("/api/users/me", headers=bearer(login.json()))
                assert me.status_code == 401
            else:
                assert codes([login]) == [(401, "invalid_credentials")]
            old, new = new, old


@EVERY_DATABASE
async def test_a_deactivation_beside_a_reset_ends_the_account_either_way(
    crowd_app: KitApp,
) -> None:
    ada = await crowd_app.add_user()
    await crowd_app.add_user("root@example.com", is_superuser=True)
    headers = bearer(await crowd_app.sign_in("root@example.com"))
    await open_connections(crowd_app, 2)
    async with crowd_app.client() as client:
        token = await link(crowd_app, client)
        body = {"is_active": False}

        done, off = await together(
            reset(client, token, NEW),
            lambda: client.patch(f"/api/users/{ada}", json=body, headers=headers),
        )

        assert off.status_code == 200
        assert codes([done])[0] in {(204, ""), (400, "invalid_one_time_token")}
        login = {"email": "ada@example.com", "password": NEW}
        answer = await client.post("/api/auth/login", json=login)
        assert answer.json()["code"] in {"inactive_user", "invalid_credentials"}
        assert (await reset(client, token, NEW)()).status_code == 400


@EVERY_DATABASE
async def test_of_many_links_asked_for_at_once_one_works(crowd_app: KitApp) -> None:
    await crowd_app.add_user()
    count = 8
    await open_connections(crowd_app, count)
    body = {"email": "ada@example.com"}
    async with crowd_app.client() as client:
        ask = [lambda: client.post("/api/auth/password/forgot", json=body)] * count
        answers = await together(*ask)
        assert [answer.status_code for answer in answers] == [202] * count

        found = [LINK.search(text_of(mail)) for mail in await mails(crowd_app)]
        tokens = [match[2] for match in found if match]
        answers = await asyncio.gather(*(reset(client, token, NEW)() for token in tokens))
        assert [answer.status_code for answer in answers].count(204) == 1
