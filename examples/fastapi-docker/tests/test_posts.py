"""Posts, over HTTP, and the service alone."""

import pytest
from app.errors import AppException
from app.models import User
from app.schemas.post import PostCreate, PostUpdate
from app.services.posts import PostService
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession


async def test_what_is_written_is_read_by_everybody(ada: AsyncClient, eve: AsyncClient) -> None:
    written = await ada.post("/api/posts", json={"title": "Hello", "body": "World"})

    read = await eve.get(f"/api/posts/{written.json()['id']}")

    assert written.status_code == 201
    assert read.json() == written.json()
    assert read.json()["author"]["name"] == "Ada"


async def test_a_change_is_seen_and_what_is_left_out_stays(ada: AsyncClient) -> None:
    post = (await ada.post("/api/posts", json={"title": "Hello", "body": "World"})).json()

    changed = (await ada.patch(f"/api/posts/{post['id']}", json={"title": "Hi"})).json()

    assert (changed["title"], changed["body"]) == ("Hi", "World")
    assert changed["updated_at"] > post["updated_at"]


async def test_pages_begin_with_the_newest(ada: AsyncClient) -> None:
    for number in range(3):
        await ada.post("/api/posts", json={"title": f"No. {number}"})

    page = (await ada.get("/api/posts", params={"per_page": 2})).json()

    assert [post["title"] for post in page["items"]] == ["No. 2", "No. 1"]
    assert (page["total"], page["pages"]) == (3, 2)


async def test_a_title_is_needed(ada: AsyncClient) -> None:
    response = await ada.post("/api/posts", json={"title": " "})

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "title"]


async def test_the_service_leaves_others_posts_alone(db: AsyncSession) -> None:
    """Without HTTP: rows made by hand, and a session that nobody commits."""
    ada, eve = User(email="ada@example.com"), User(email="eve@example.com")
    db.add_all([ada, eve])
    posts = PostService(db)
    post = await posts.create(ada, PostCreate(title="Hello"))

    with pytest.raises(AppException, match="somebody else's"):
        await posts.update(post.id, eve, PostUpdate(title="Mine"))
    assert (await posts.get(post.id)).title == "Hello"
