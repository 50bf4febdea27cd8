"""Posts: everybody reads, authors write."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from app.api.deps import CurrentUser, DbSession
from app.api.responses import INVALID, SIGN_IN, refusal
from app.models import Post
from app.schemas.post import PostCreate, PostListResponse, PostResponse, PostUpdate
from app.services.posts import PostService

router = APIRouter(responses=INVALID)
NOT_FOUND = refusal(404, "post_not_found", "There is no such post.")
OWN_ONLY = refusal(403, "not_the_author", "This is somebody else's post.")
TO_CHANGE = {**SIGN_IN, **OWN_ONLY, **NOT_FOUND}


def get_posts(session: DbSession) -> PostService:
    """Return the service on the session of this request."""
    return PostService(session)


Posts = Annotated[PostService, Depends(get_posts)]
# beyond what the key's column holds there is nothing, and no driver to complain about it
PostId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
async def list_posts(
    posts: Posts,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    per_page: Annotated[int, Query(ge=1, le=100)] = 20,
) -> PostListResponse:
    """Return the newest posts."""
    items, total = await posts.page(page, per_page)
    return PostListResponse(
        items=[PostResponse.model_validate(post) for post in items],
        total=total,
        page=page,
        pages=-(-total // per_page),
    )


@router.get("/{post_id}", response_model=PostResponse, responses=NOT_FOUND)
async def read_post(post_id: PostId, posts: Posts) -> Post:
    """Return one post."""
    return await posts.get(post_id)


@router.post("", response_model=PostResponse, status_code=201, responses=SIGN_IN)
async def write_post(new: PostCreate, user: CurrentUser, posts: Posts, session: DbSession) -> Post:
    """Write a post in one's own name."""
    post = await posts.create(user, new)
    await session.commit()
    return post


@router.patch("/{post_id}", response_model=PostResponse, responses=TO_CHANGE)
async def change_post(
    post_id: PostId, changes: PostUpdate, user: CurrentUser, posts: Posts, session: DbSession
) -> Post:
    """Change one's own post."""
    post = await posts.update(post_id, user, changes)
    await session.commit()
    return post


@router.delete("/{post_id}", status_code=204, responses=TO_CHANGE)
async def delete_post(post_id: PostId, user: CurrentUser, posts: Posts, session: DbSession) -> None:
    """Delete one's own post."""
    await posts.delete(post_id, user)
    await session.commit()
