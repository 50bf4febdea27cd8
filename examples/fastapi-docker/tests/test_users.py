"""Accounts: the two tests of the tutorial, and what it left out."""

from app.models import Profile, User
from httpx2 import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import ADA


async def test_register(client: AsyncClient) -> None:
    response = await client.post(
        "/api/auth/register",
        json={"email": "test@example.com", "password": "password of a test", "name": "Test User"},
    )

    assert response.status_code == 201
    assert response.json()["email"] == "test@example.com"
    assert "password" not in response.text


async def test_login(client: AsyncClient) -> None:
    account = {"email": "test@example.com", "password": "password of a test"}
    await client.post("/api/auth/register", json=account)

    response = await client.post(
        "/api/auth/login",
        data={"username": account["email"], "password": account["password"]},
    )

    assert response.status_code == 200
    assert "access_token" in response.json()


async def test_a_wrong_password_is_refused(client: AsyncClient) -> None:
    await client.post("/api/auth/register", json=ADA)

    response = await client.post("/api/auth/login", json={**ADA, "password": "a wrong one"})

    assert response.status_code == 401
    assert response.json()["code"] == "invalid_credentials"


async def test_an_account_comes_with_a_profile(client: AsyncClient, db: AsyncSession) -> None:
    user_id = (await client.post("/api/auth/register", json=ADA)).json()["id"]

    assert await db.get(Profile, user_id) is not None


async def test_an_account_that_is_closed_is_gone(ada: AsyncClient, db: AsyncSession) -> None:
    response = await ada.request("DELETE", "/api/users/me", json={"password": ADA["password"]})

    assert response.status_code == 204
    assert (await db.scalars(select(User))).all() == []


async def test_a_login_is_in_the_log_of_its_account(ada: AsyncClient) -> None:
    events = (await ada.get("/api/auth/events")).json()["items"]

    assert "logged_in" in {event["kind"] for event in events}
