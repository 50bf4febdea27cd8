"""Everything about an account, for somebody who signed in just now."""

from datetime import UTC, datetime, timedelta

from app.models import AuthSession
from httpx2 import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import ADA

PATH = "/api/users/me/export"


async def test_it_holds_what_is_ones_own(ada: AsyncClient, eve: AsyncClient) -> None:
    await ada.post("/api/posts", json={"title": "Mine"})
    await eve.post("/api/posts", json={"title": "Not mine"})

    export = (await ada.get(PATH)).json()

    assert export["account"]["email"] == ADA["email"]
    assert [post["title"] for post in export["posts"]] == ["Mine"]


async def test_an_old_login_is_not_enough(ada: AsyncClient, db: AsyncSession) -> None:
    """A password makes it recent again, without another login."""
    earlier = datetime.now(UTC) - timedelta(minutes=6)
    await db.execute(update(AuthSession).values(authenticated_at=earlier, amr={}))
    await db.commit()

    refused = await ada.get(PATH)
    read = await ada.get("/api/users/me")
    body = {"password": ADA["password"]}
    confirmed = await ada.post("/api/auth/password/confirm", json=body)
    allowed = await ada.get(PATH)

    assert (refused.status_code, refused.json()["code"]) == (401, "recent_login_required")
    assert (read.status_code, confirmed.status_code, allowed.status_code) == (200, 204, 200)
