"""Everything about an account in one answer: only for somebody who signed in just now."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy import select

from app.api.deps import DbSession
from app.api.responses import SHAPE
from app.auth import auth
from app.models import Post, Profile, User
from app.schemas.export import AccountExport, ExportedPost
from app.schemas.user import UserResponse
from fastauth_kit.core.errors import InvalidToken, NotAuthenticated, RecentLoginRequired

router = APIRouter()

# A token that was stolen, or a screen that was left open, is good for a post and not for
# this. POST /api/auth/password/confirm makes a session recent again.
RecentUser = Annotated[User, Depends(auth.require_user(max_age=timedelta(minutes=5)))]
REFUSALS = SHAPE.documented(NotAuthenticated, InvalidToken, RecentLoginRequired)


@router.get("/me/export", responses=REFUSALS)
async def export_account(user: RecentUser, session: DbSession, response: Response) -> AccountExport:
    """Return everything that is kept about the account."""
    response.headers["Cache-Control"] = "no-store"
    profile = await session.get(Profile, user.id)
    posts = await session.scalars(select(Post).where(Post.author_id == user.id).order_by(Post.id))
    return AccountExport(
        account=UserResponse.model_validate(user),
        bio=profile.bio if profile else "",
        posts=[ExportedPost.model_validate(post) for post in posts],
    )
