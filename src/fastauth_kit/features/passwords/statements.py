"""What is sent at every login: built once, because building costs more than sending."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.hooks import LoginGuard
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.store import RowLock
from fastauth_kit.core.work import Work


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """What a login is checked against; of nobody if the address is unknown."""

    user_id: Any = None
    stored: str | None = None
    failures: tuple[int, ...] = ()
    """What each ``LoginGuard`` has counted, in their order."""
    shut: bool = False
    """Whether one of them has counted too many."""


class LoginStatements:
    """The statements of one table of users, with their parameters left open."""

    def __init__(self, auth: Assembly[Any]) -> None:
        user: Any = auth.user_model
        self.guards: tuple[LoginGuard, ...] = auth.taking_part(LoginGuard)
        counts = [guard.count_failures(auth) for guard in self.guards]
        self._search = select(
            user.id,
            user.hashed_password,
            *(count.label(f"kit_failures_{number}") for number, count in enumerate(counts)),
        ).where(user.email == bindparam("address"))
        self.not_shut: tuple[ColumnElement[bool], ...] = tuple(
            count < guard.most_failures for guard, count in zip(self.guards, counts, strict=True)
        )
        # none may be the name of a column: it would be a value for it
        self._lock: RowLock[UserMixin[Any]] = RowLock(
            user,
            user.id == bindparam("kit_verified_id"),
            user.email == bindparam("kit_verified_address"),
            user.hashed_password == bindparam("kit_verified_hash"),
            *self.not_shut,
            shared=True,
        )

    async def find_account(self, work: Work, address: str) -> FoundAccount:
        """Return the account that a login is checked against.

        Gives the connection back, as ``work.release`` does, in the same step.
        """
        releases = work.is_clean

        def step(session: Session) -> FoundAccount:
            row = session.execute(self._search, {"address": address}).one_or_none()
            found = FoundAccount() if row is None else self._found(*row)
            if releases:
                session.rollback()
            return found

        return await work.read(step)

    def _found(self, user_id: Any, stored: str | None, *failures: int) -> FoundAccount:
        counted = zip(self.guards, failures, strict=True)
        shut = any(count >= guard.most_failures for guard, count in counted)
        return FoundAccount(user_id, stored, failures, shut)

    async def hold(
        self, work: Work, user_id: Any, address: str, stored: str
    ) -> UserMixin[Any] | None:
        """Hold the user while address and hash are still theirs, and the account is not shut."""
        return await self._lock.take(
            work, kit_verified_id=user_id, kit_verified_address=address, kit_verified_hash=stored
        )
