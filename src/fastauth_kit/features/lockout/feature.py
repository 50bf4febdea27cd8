"""Lockout: after too many wrong passwords an account takes none, and nobody can tell."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.client_address import network_of
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import (
    AccountRemover,
    CredentialChange,
    CredentialListener,
    Device,
    LoginGuard,
    tell,
)
from fastauth_kit.core.models import UserMixin, check_table
from fastauth_kit.core.secrets import time_ordered_id
from fastauth_kit.core.store import change
from fastauth_kit.core.work import Work
from fastauth_kit.features.lockout.events import AccountLocked
from fastauth_kit.features.lockout.models import LoginFailureMixin

_ANNOUNCED = 1_000_000
"""More than there can be failures of an account."""


@dataclass(frozen=True, kw_only=True)
class Lockout(Feature, LoginGuard, CredentialListener, AccountRemover):
    """Locks the password of an account after so many failed logins.

    A locked account answers as if the password were wrong. Its owner is told
    (``AccountLocked``) and gets in by setting a new password.

    Args:
        model: The caller's table, built on ``LoginFailureMixin``.
        most_failures: Failed logins without a good one from the same network;
            SP 800-63B, section 3.2.2, allows 100 at most.

    Raises:
        ConfigurationError: ``most_failures`` is out of range.
    """

    name: ClassVar[str] = "lockout"

    model: type[LoginFailureMixin[Any]]
    most_failures: int = 100

    def __post_init__(self) -> None:
        if not 1 <= self.most_failures <= 100:
            raise ConfigurationError("most_failures must be from 1 to 100")

    def check(self, auth: Assembly[Any]) -> None:
        """Check that the failures belong to this user table."""
        check_table(self.model, owner=auth.user_model)

    async def unlock(self, work: Work, user_id: Any) -> None:
        """Forget every failed login of an account."""
        await change(work, delete(self.model).where(self.model.user_id == user_id))

    def count_failures(self, auth: Assembly[Any]) -> ColumnElement[int]:
        """Return the SQL that counts the failures of a user.

        ``_ANNOUNCED`` more where the owner has been told of the lock.
        """
        said = func.max(case((self.model.announced, _ANNOUNCED), else_=0))
        counting = select(func.count() + func.coalesce(said, 0))
        own = self.model.user_id == auth.user_model.id
        return counting.where(own).correlate(auth.user_model).scalar_subquery()

    async def login_failed(
        self, work: Work, user_id: Any | None, failures: int, device: Device
    ) -> None:
        """Add a failure; and tell the owner, once, that the account is locked.

        Whatever it is about, one row is written: a commit that had nothing to
        write would be quicker, by the time that the disk takes. A failure that
        counts for nobody, or for a locked account, has no owner, so that an
        account's rows do not grow.
        """
        counts = user_id is not None and failures < self.most_failures
        await self._add(work, user_id if counts else None, device)
        is_new = self.most_failures <= failures < _ANNOUNCED
        if is_new and await self._announce(work, user_id) >= self.most_failures:
            await tell(work, AccountLocked(user_id))

    async def login_succeeded(
        self, work: Work, user: UserMixin[Any], failures: int, device: Device
    ) -> None:
        """Forget what failed in the same network, and nothing else.

        SP 800-63B, section 3.2.2: a good login speaks for "the same IP
        address". Were all forgotten, an attacker elsewhere would begin anew
        whenever the owner signs in.
        """
        if failures:
            here = self.model.network == network_of(device.ip)
            await change(work, delete(self.model).where(self.model.user_id == user.id, here))

    async def credential_changed(
        self,
        work: Work,
        user: UserMixin[Any],
        change: CredentialChange,
        *,
        keep_session: UUID | None = None,
    ) -> None:
        """Unlock an account whose password is a new one: the old guesses count no more."""
        if change is CredentialChange.PASSWORD:
            await self.unlock(work, user.id)

    async def before_removal(self, work: Work, user: UserMixin[Any]) -> None:
        """Delete a user's failures: not every database cascades (SQLite does when asked)."""
        await self.unlock(work, user.id)

    async def prune(self, work: Work, *, at_most: int = 1000) -> int:
        """Delete rows that count for nobody; return how many.

        For a job: call it until it returns 0.
        """
        nobodys = self.model.user_id.is_(None)
        found = await work.scalars(select(self.model.id).where(nobodys).limit(at_most))
        return await change(work, delete(self.model).where(self.model.id.in_(found)))

    async def _add(self, work: Work, user_id: Any | None, device: Device) -> None:
        user = work.auth.user_model
        values = {
            "id": time_ordered_id(work.now),
            # asked for again: the account may have been deleted meanwhile
            "user_id": select(user.id).where(user.id == user_id).scalar_subquery(),
            "network": network_of(device.ip),
            "failed_at": work.now,
        }
        await work.execute(insert(self.model).values(values))

    async def _announce(self, work: Work, user_id: Any | None) -> int:
        """Mark what was not announced yet; all of it only the first time."""
        new = (self.model.user_id == user_id, self.model.announced.is_(False))
        return await change(work, update(self.model).where(*new).values(announced=True))
