"""Profiles: ours, beside the kit's routes for accounts."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.api.deps import CurrentUser, DbSession
from app.api.responses import INVALID, SIGN_IN, refusal
from app.errors import AppException
from app.models import Profile
from app.schemas.profile import ProfileResponse, ProfileUpdate

router = APIRouter(responses={**SIGN_IN, **INVALID})
NOT_FOUND = refusal(404, "user_not_found", "There is no such user.")


@router.get("/me/profile", response_model=ProfileResponse)
async def read_own_profile(user: CurrentUser, session: DbSession) -> Profile:
    """Return the profile of whoever asks."""
    return await _profile(session, user.id)


@router.patch("/me/profile", response_model=ProfileResponse)
async def change_own_profile(
    changes: ProfileUpdate, user: CurrentUser, session: DbSession
) -> Profile:
    """Change the profile of whoever asks."""
    profile = await _profile(session, user.id)
    for name, value in changes.model_dump(exclude_unset=True).items():
        setattr(profile, name, value)
    # before the answer leaves: what was acknowledged is kept
    await session.commit()
    return profile


@router.get("/{user_id}/profile", response_model=ProfileResponse, responses=NOT_FOUND)
async def read_profile(
    user_id: Annotated[int, Path(ge=1, le=2**31 - 1)], _: CurrentUser, session: DbSession
) -> Profile:
    """Return anybody's profile to anybody who is signed in."""
    return await _profile(session, user_id)


async def _profile(session: DbSession, user_id: int) -> Profile:
    profile = await session.get(Profile, user_id)
    if profile is None:
        raise AppException(404, "There is no such user.", code="user_not_found")
    return profile
