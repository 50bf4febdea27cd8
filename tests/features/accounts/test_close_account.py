"""The end of an account by its owner."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import insert

from fastauth_kit.features.accounts import UserDeleted
from tests.features.accounts.answers import (
    BEARER,
    BEARER_RECENT,
    assert_bad_token,
    assert_done,
    assert_refused,
)
from tests.features.accounts.people import (
    Heard,
    enforce_foreign_keys,
    join,
    join_without_password,
    stored,
    works,
)
from tests.kit_app import PASSWORD, KitApp

ME = "/api/users/me"


async def close(client: httpx2.AsyncClient, person: Any, body: Any) -> httpx2.Response:
    return await client.request("DELETE", ME, json=body, headers=person.headers)


async def test_a_closed_account_is_gone(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)

    assert_done(await close(client, ada, {"password": PASSWORD}))

    assert await stored(kit_app, ada.id) is None


async def test_a_closed_account_has_no_session(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)

    await close(client, ada, {"password": PASSWORD})

    assert_bad_token(await client.get(ME, headers=ada.headers))
    token = {"refresh_token": ada.tokens["refresh_token"]}
    assert (await client.post("/api/auth/refresh", json=token)).status_code == 401


async def test_a_closed_account_cannot_sign_in(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    await close(client, ada, {"password": PASSWORD})

    login = {"email": "ada@example.com", "password": PASSWORD}
    answer = await client.post("/api/auth/login", json=login)

    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)


async def test_a_closed_account_frees_its_address(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    await close(client, ada, {"password": PASSWORD})

    body = {"email": "ada@example.com", "password": PASSWORD}
    answer = await client.post("/api/auth/register", json=body)

    assert answer.status_code == 201


async def test_closing_is_told(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)

    async with kit_app.client() as client:
        await close(client, ada, {"password": PASSWORD})

    assert heard.of(UserDeleted) == [UserDeleted(ada.id)]


@pytest.mark.parametrize("body", [{}, {"password": None}, {"password": "wrong horse"}])
async def test_closing_wants_the_right_password(
    kit_app: KitApp, client: httpx2.AsyncClient, body: Any
) -> None:
    ada = await join(kit_app)

    answer = await close(client, ada, body)

    assert_refused(answer, 400, "invalid_password")
    assert await works(client, ada)


async def test_the_last_superuser_cannot_close_their_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user("former@example.com", is_superuser=True, is_active=False)
    root = await join(kit_app, "root@example.com", is_superuser=True)

    answer = await close(client, root, {"password": PASSWORD})

    assert_refused(answer, 409, "last_superuser")
    assert await works(client, root)


async def test_a_superuser_who_is_not_the_last_closes_their_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user("other@example.com", is_superuser=True)
    root = await join(kit_app, "root@example.com", is_superuser=True)

    assert_done(await close(client, root, {"password": PASSWORD}))


async def test_an_account_that_other_data_needs_stays_as_it_was(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    enforce_foreign_keys(kit_app)
    ada = await join(kit_app)
    async with kit_app.sessions.begin() as session:
        await session.execute(insert(kit_app.post_model).values(author_id=ada.id, title="Notes"))

    answer = await close(client, ada, {"password": PASSWORD})

    assert_refused(answer, 409, "user_in_use")
    assert await works(client, ada)


async def test_without_a_password_a_recent_login_closes_the_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join_without_password(kit_app)
    kit_app.clock.advance(minutes=5)

    assert_done(await close(client, ada, {}))


async def test_without_a_password_an_older_login_closes_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join_without_password(kit_app)
    kit_app.clock.advance(minutes=5, microseconds=1)

    answer = await close(client, ada, {"password": PASSWORD})

    assert_refused(answer, 401, "recent_login_required", challenge=BEARER_RECENT)
    assert await works(client, ada)
