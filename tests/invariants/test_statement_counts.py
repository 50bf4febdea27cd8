"""How many statements a request costs; BEGIN and COMMIT are not among them."""

from typing import Any

import httpx2
import pytest
from passlib.context import CryptContext
from sqlalchemy import select, update

from fastauth_kit.features.passwords import default_context
from tests.kit_app import PASSWORD, KitApp, bearer


@pytest.fixture
async def tokens(kit_app: KitApp) -> dict[str, Any]:
    """Those of somebody who is signed in."""
    await kit_app.add_user()
    return await kit_app.sign_in()


async def cost(kit_app: KitApp, answer_to: Any, *, status: int) -> int:
    """Return how many statements an answer took; it must have this status."""
    kit_app.statements.clear()
    answer: httpx2.Response = await answer_to
    assert answer.status_code == status, answer.text
    return len(kit_app.statements)


def login(
    client: httpx2.AsyncClient, email: str = "ada@example.com", password: str = PASSWORD
) -> Any:
    return client.post("/api/auth/login", json={"email": email, "password": password})


async def test_an_authenticated_request_costs_one(
    kit_app: KitApp, client: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    me = client.get("/api/users/me", headers=bearer(tokens))

    assert await cost(kit_app, me, status=200) == 1


async def test_one_whose_session_is_over_costs_no_more(
    kit_app: KitApp, client: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    await client.post("/api/auth/logout", headers=bearer(tokens))

    me = client.get("/api/users/me", headers=bearer(tokens))

    assert await cost(kit_app, me, status=401) == 1


async def test_a_request_with_a_forged_token_costs_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    forged = {"access_token": tokens["access_token"][:-4] + "AAAA"}

    me = client.get("/api/users/me", headers=bearer(forged))

    assert await cost(kit_app, me, status=401) == 0


async def test_a_login_costs_at_most_four(
    kit_app: KitApp, client: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    assert await cost(kit_app, login(client), status=200) <= 4


async def test_a_login_costs_the_same_however_many_sessions_there_are(
    kit_app: KitApp, client: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    first = await cost(kit_app, login(client), status=200)
    for _ in range(20):
        await login(client)

    assert await cost(kit_app, login(client), status=200) == first


async def test_a_login_that_upgrades_the_hash_costs_at_most_four(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """SQLite and the servers: find, replace the hash, hold the user, insert the session."""
    await kit_app.add_user()
    older: CryptContext = default_context().copy(default="bcrypt", bcrypt__rounds=4)
    hashed = older.hash(PASSWORD)
    model = kit_app.user_model
    async with kit_app.sessions.begin() as session:
        await session.execute(update(model).values(hashed_password=hashed))

    assert await cost(kit_app, login(client), status=200) <= 4

    async with kit_app.sessions() as session:
        now = await session.scalar(select(model.hashed_password))
    assert str(now).startswith("$argon2id$")


async def test_a_refresh_costs_at_most_three(
    kit_app: KitApp, client: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    body = {"refresh_token": tokens["refresh_token"]}

    refresh = client.post("/api/auth/refresh", json=body)

    assert await cost(kit_app, refresh, status=200) <= 3


async def test_a_refresh_that_was_answered_before_costs_at_most_three(
    kit_app: KitApp, client: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    body = {"refresh_token": tokens["refresh_token"]}
    await client.post("/api/auth/refresh", json=body)

    again = client.post("/api/auth/refresh", json=body)

    assert await cost(kit_app, again, status=200) <= 3


async def test_an_unknown_address_costs_as_much_as_a_wrong_password(
    kit_app: KitApp, client: httpx2.AsyncClient, tokens: dict[str, Any]
) -> None:
    """The same statements too, not only as many."""
    await cost(kit_app, login(client, email="nobody@example.com"), status=401)
    unknown = list(kit_app.statements)

    await cost(kit_app, login(client, password="not the password"), status=401)

    assert kit_app.statements == unknown


async def test_an_account_without_a_password_costs_as_much_as_an_unknown_address(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user(password=None)
    await cost(kit_app, login(client, email="nobody@example.com"), status=401)
    unknown = list(kit_app.statements)

    await cost(kit_app, login(client), status=401)

    assert kit_app.statements == unknown


async def test_a_deactivated_account_costs_as_much_as_an_unknown_address(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """With a wrong password; the right one proves the owner, who may be told."""
    await kit_app.add_user(is_active=False)
    await cost(kit_app, login(client, email="nobody@example.com"), status=401)
    unknown = list(kit_app.statements)

    await cost(kit_app, login(client, password="not the password"), status=401)

    assert kit_app.statements == unknown


@pytest.mark.parametrize("query", ["page=1&per_page=2", "cursor=&limit=2"])
async def test_a_page_costs_the_same_however_many_accounts_there_are(
    kit_app: KitApp, client: httpx2.AsyncClient, query: str
) -> None:
    await kit_app.add_user(is_superuser=True)
    headers = bearer(await kit_app.sign_in())
    few = await cost(kit_app, client.get(f"/api/users?{query}", headers=headers), status=200)
    for number in range(12):
        await kit_app.add_user(f"user{number}@example.com")

    many = await cost(kit_app, client.get(f"/api/users?{query}", headers=headers), status=200)

    assert many == few
