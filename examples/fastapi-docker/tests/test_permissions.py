"""Who may do what."""

import pytest
from app.models import User
from httpx2 import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import ADA

NEW_USER = {"email": "new@example.com", "password": "a password for somebody"}

FOR_MEMBERS = [
    ("GET", "/api/users/me", None),
    ("POST", "/api/posts", {"title": "Hello"}),
    ("PATCH", "/api/posts/1", {"title": "Hello"}),
    ("DELETE", "/api/posts/1", None),
    ("GET", "/api/users/me/profile", None),
    ("PATCH", "/api/users/me/profile", {"bio": "Hello"}),
]
FOR_SUPERUSERS = [
    ("GET", "/api/users", None),
    ("POST", "/api/users", NEW_USER),
    ("DELETE", "/api/users/1", None),
]


@pytest.mark.parametrize(("method", "path", "body"), [*FOR_MEMBERS, *FOR_SUPERUSERS])
async def test_visitors_are_asked_to_sign_in(
    client: AsyncClient, method: str, path: str, body: dict[str, str] | None
) -> None:
    response = await client.request(method, path, json=body)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path", "body"), FOR_SUPERUSERS)
async def test_members_may_not_administer(
    ada: AsyncClient, method: str, path: str, body: dict[str, str] | None
) -> None:
    response = await ada.request(method, path, json=body)

    assert response.status_code == 403


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_post_is_its_authors(ada: AsyncClient, eve: AsyncClient, method: str) -> None:
    path = f"/api/posts/{(await ada.post('/api/posts', json={'title': 'Hello'})).json()['id']}"

    refused = await eve.request(method, path, json={"title": "Mine"})
    allowed = await ada.request(method, path, json={"title": "Mine"})

    assert refused.status_code == 403
    assert refused.json()["code"] == "not_the_author"
    assert allowed.is_success


async def test_superusers_may_administer(ada: AsyncClient, db: AsyncSession) -> None:
    await db.execute(update(User).where(User.email == ADA["email"]).values(is_superuser=True))
    await db.commit()

    listed = await ada.get("/api/users")
    made = await ada.post("/api/users", json=NEW_USER)

    assert [user["email"] for user in listed.json()["items"]] == [ADA["email"]]
    assert made.status_code == 201
