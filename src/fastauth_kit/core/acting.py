"""Whether somebody may still do what they began, after a pause."""

from typing import Any

from sqlalchemy import true

from fastauth_kit.core.errors import InvalidToken, NotEnoughPermissions
from fastauth_kit.core.hooks import Authenticator, CurrentSession
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.store import hold
from fastauth_kit.core.work import Work


async def hold_superuser(work: Work, session: CurrentSession) -> UserMixin[Any]:
    """Lock the superuser who is acting, if their session and their rights still hold.

    For after a pause in which no connection was held: a logout, deactivation
    or demotion that was answered meanwhile must count.

    Raises:
        InvalidToken: The session or the account has ended.
        NotEnoughPermissions: They are no superuser any more.
    """
    model = work.auth.user_model
    active = (model.id == session.user_id, model.is_active == true())
    user: UserMixin[Any] | None = await hold(work, model, *active, shared=True)
    if user is None:
        raise InvalidToken
    await confirm_session(work, session)
    if not user.is_superuser:
        raise NotEnoughPermissions
    return user


async def confirm_session(work: Work, session: CurrentSession) -> None:
    """Check once more that a session lives, for after a pause.

    Raises:
        InvalidToken: It has ended meanwhile.
    """
    for reader in work.auth.taking_part(Authenticator):
        if await reader.is_in_force(work, session):
            return
    raise InvalidToken
