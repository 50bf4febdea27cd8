"""Changes of an account, and what follows from them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from fastauth_kit.core.addresses import canonical_email
from fastauth_kit.core.errors import DataConflict, InvalidInput
from fastauth_kit.core.hooks import CredentialChange, announce_credential_change, tell
from fastauth_kit.core.models import UserMixin, primary_key
from fastauth_kit.core.store import hold, write_unless_refused
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts.errors import EmailTaken, UserNotFound
from fastauth_kit.features.accounts.events import UserUpdated, standing_events
from fastauth_kit.features.accounts.superusers import administers, hold_superusers, refuse_if_last


async def apply_changes(
    work: Work, user_id: Any, changes: dict[str, Any], *, keep_session: UUID | None
) -> UserMixin[Any]:
    """Change an account; see ``Accounts.update``."""
    model = work.auth.user_model
    _refuse_nulls(model, changes)
    if "email" in changes:
        changes["email"] = canonical_address(changes["email"])
    gives_up = changes.get("is_superuser") is False or changes.get("is_active") is False
    superusers = await hold_superusers(work, user_id) if gives_up else ()
    user: UserMixin[Any] | None = await hold(work, model, model.id == user_id)
    if user is None:
        raise UserNotFound
    if gives_up and administers(user):
        refuse_if_last(user, superusers)
    moved = _moved(user, changes)
    if moved:
        await write_columns(work, user, moved)
        await _follow_up(work, user, moved, keep_session)
    return user


def _refuse_nulls(model: type[UserMixin[Any]], changes: Mapping[str, Any]) -> None:
    columns = primary_key(model).table.columns
    for name, value in changes.items():
        if value is None and name in columns and not columns[name].nullable:
            raise InvalidInput.at("body", name, type="null_not_allowed", msg="Must have a value.")


def _moved(user: UserMixin[Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what really changes, and what changes with it."""
    moved = {name: value for name, value in changes.items() if getattr(user, name) != value}
    if "email" in moved and "is_verified" not in changes:
        moved["is_verified"] = False
    return moved


async def write_columns(work: Work, user: UserMixin[Any], moved: Mapping[str, Any]) -> None:
    """Write columns of a user, who is held.

    Raises:
        EmailTaken: Another account has the address.
        DataConflict: Another rule of the table refuses.
    """

    def step(session: Session) -> None:
        for name, value in {**moved, "updated_at": work.now}.items():
            setattr(user, name, value)
        session.flush()

    if not await write_unless_refused(work, type(user), step):
        taken = "email" in moved and await email_exists(work, moved["email"], now=True)
        raise EmailTaken if taken else DataConflict


async def _follow_up(
    work: Work, user: UserMixin[Any], moved: Mapping[str, Any], keep_session: UUID | None
) -> None:
    if "email" in moved:
        await announce_credential_change(
            work, user, CredentialChange.EMAIL, keep_session=keep_session
        )
    if moved.get("is_active") is False:
        await announce_credential_change(work, user, CredentialChange.DEACTIVATED)
    await tell(work, UserUpdated(user, frozenset(moved)))
    for event in standing_events(user.id, moved):
        await tell(work, event)


def canonical_address(text: str) -> str:
    """Return the canonical form of an address.

    Raises:
        InvalidInput: It is none.
    """
    try:
        return canonical_email(text)
    except ValueError as error:
        raise InvalidInput.at("body", "email", type="email_invalid", msg=str(error)) from None


async def email_exists(work: Work, address: str, *, now: bool = False) -> bool:
    """Whether an account has this canonical address.

    Args:
        now: Look at what is committed by now, not at the transaction's
            snapshot: REPEATABLE READ does not show who was faster.
    """
    model = work.auth.user_model
    statement = select(true()).where(model.email == address)
    if now:
        statement = statement.with_for_update(read=True, of=model)
    return await work.scalar(statement) is not None
