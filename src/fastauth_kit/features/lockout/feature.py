"""Lockout: after too many wrong passwords an account takes none, and nobody can tell."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
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
from fastauth_kit.core.secrets import last_id_of, time_ordered_id
from fastauth_kit.core.store import change
from fastauth_kit.core.work import Work
from fastauth_kit.features.lockout.events import AccountLocked
from fastauth_kit.features.lockout.models import LoginFailureMixin

_ANNOUNCED = 1_000_000
"""More than there can be failures of an account."""

_KEPT = timedelta(days=7)
"""How long what counts for no account is counted."""


class Owner(NamedTuple):
    """For whom a failure counts: an account, or an address without one, by its mark."""

    user_id: Any | None
    attempted: str | None


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

    async def unlock(self, work: Work, user_id: Any) -> int:
        """Forget every failed login of an account; return how many."""
        return await change(work, delete(self.model).where(self.model.user_id == user_id))

    def count_failures(
        self, auth: Assembly[Any], attempted: ColumnElement[str]
    ) -> ColumnElement[int]:
        """Return the SQL that counts the failures of a user; for nobody, of what was typed.

        Two counts of the same kind, of which the database makes one: each by an
        index of its own, so that neither has rows of others to pass over.
        ``_ANNOUNCED`` more where the lock has been announced.
        """
        user = auth.user_model
        of_user = self._count().where(self.model.user_id == user.id).correlate(user)
        of_nobody = self._count().where(self.model.attempted == attempted)
        return case(
            (user.id.is_(None), of_nobody.scalar_subquery()), else_=of_user.scalar_subquery()
        )

    def _count(self) -> Select[Any]:
        said = func.max(case((self.model.announced, _ANNOUNCED), else_=0))
        return select(func.count() + func.coalesce(said, 0))

    async def login_failed(
        self, work: Work, user_id: Any | None, attempted: str, failures: int, device: Device
    ) -> None:
        """Add a failure; and tell the owner, once, that the account is locked.

        Whatever it is about, one row is written: a commit that had nothing to
        write would be quicker, by the time that the disk takes. So is what the
        first attempt after the lock writes. What fails after the lock counts for
        nothing, so that the rows to be counted do not grow.
        """
        owner = Owner(user_id, attempted if user_id is None else None)
        counts = failures < self.most_failures
        await self._add(work, owner if counts else Owner(None, None), device)
        is_new = self.most_failures <= failures < _ANNOUNCED
        if is_new and await self._announce(work, owner) >= self.most_failures:
            await self._tell(work, user_id)

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
        """Delete what counts for no account, after some days; return how many rows.

        Until then an address without an account is counted as one with.
        For a job: call it until it returns 0.
        """
        model = self.model
        nobodys = (model.user_id.is_(None), model.id <= last_id_of(work.now - _KEPT))
        found = await work.scalars(select(model.id).where(*nobodys).limit(at_most))
        return await change(work, delete(model).where(model.id.in_(found)))

    async def _add(self, work: Work, owner: Owner, device: Device) -> None:
        user = work.auth.user_model
        values = {
            "id": time_ordered_id(work.now),
            # asked for again: the account may have been deleted meanwhile
            "user_id": select(user.id).where(user.id == owner.user_id).scalar_subquery(),
            "attempted": owner.attempted,
            "network": network_of(device.ip),
            "failed_at": work.now,
        }
        await work.execute(insert(self.model).values(values))

    async def _tell(self, work: Work, user_id: Any | None) -> None:
        if user_id is not None:
            await tell(work, AccountLocked(user_id))

    async def _announce(self, work: Work, owner: Owner) -> int:
        """Mark what was not announced yet; all of it only the first time."""
        model = self.model
        mine = (
            model.attempted == owner.attempted
            if owner.user_id is None
            else model.user_id == owner.user_id
        )
        new = (mine, model.announced.is_(False))
        return await change(work, update(model).where(*new).values(announced=True))
