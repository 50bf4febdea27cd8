"""The end of an account."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.exc import IntegrityError

from fastauth_kit.core.hooks import AccountRemover, tell
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.store import hold
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts.errors import UserInUse, UserNotFound
from fastauth_kit.features.accounts.events import UserDeleted
from fastauth_kit.features.accounts.superusers import administers, hold_superusers, refuse_if_last


async def remove_user(
    work: Work,
    user_id: Any,
    *,
    confirm: Callable[[], Awaitable[UserMixin[Any]]] | None = None,
) -> None:
    """Delete an account; see ``Accounts.remove``.

    Args:
        confirm: Locks the user while what entitles to this still holds.
    """
    superusers = await hold_superusers(work, user_id)
    user = await (confirm() if confirm else _hold_user(work, user_id))
    if administers(user):
        refuse_if_last(user, superusers)
    try:
        for remover in work.auth.taking_part(AccountRemover):
            await remover.before_removal(work, user)
        await tell(work, UserDeleted(user_id))
        # through the ORM, so that the caller's own cascades apply
        await work.delete(user)
    except IntegrityError:
        raise UserInUse from None


async def _hold_user(work: Work, user_id: Any) -> UserMixin[Any]:
    model = work.auth.user_model
    user: UserMixin[Any] | None = await hold(work, model, model.id == user_id)
    if user is None:
        raise UserNotFound
    return user
