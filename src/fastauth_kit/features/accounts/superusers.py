"""One active superuser must remain: a rule over a set of rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, true
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.store import hold_set
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts.errors import LastSuperuser


def administers(user: UserMixin[Any]) -> bool:
    """Whether this user can administer the accounts now."""
    return user.is_superuser and user.is_active


async def hold_superusers(work: Work, user_id: Any) -> Sequence[Any]:
    """Lock the active superusers if this user is one; return their ids."""
    model = work.auth.user_model
    conditions = _administering(model)
    if await work.scalar(select(model.id).where(model.id == user_id, *conditions)) is None:
        return ()
    return await hold_set(work, model, *conditions)


def refuse_if_last(user: UserMixin[Any], superusers: Sequence[Any]) -> None:
    """Refuse unless another superuser was locked.

    Raises:
        LastSuperuser: Nobody else would be left.
    """
    if all(key == user.id for key in superusers):
        raise LastSuperuser


def _administering(model: type[UserMixin[Any]]) -> tuple[ColumnElement[bool], ...]:
    # "= true", not "IS true": MariaDB uses an index for the former only
    return model.is_superuser == true(), model.is_active == true()
