"""What is sent at every login: built once, because building costs more than sending."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, func, literal, select
from sqlalchemy.orm import Session

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.hooks import LoginGuard
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.secrets import mac_text
from fastauth_kit.core.store import RowLock
from fastauth_kit.core.work import Work

_PURPOSE = "login-attempts"


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """What a login is checked against; of nobody if the address is unknown."""

    user_id: Any = None
    stored: str | None = None
    attempted: str = ""
    """The mark of the address that was typed."""
    failures: tuple[int, ...] = ()
    """What each ``LoginGuard`` has counted, in their order."""
    shut: bool = False
    """Whether one of them has counted too many."""


class LoginStatements:
    """The statements of one table of users, with their parameters left open."""

    def __init__(self, auth: Assembly[Any]) -> None:
        user: Any = auth.user_model
        self._keys = auth.keys
        self.guards: tuple[LoginGuard, ...] = auth.taking_part(LoginGuard)
        attempted = bindparam("kit_attempted", type_=String())
        counts = [func.coalesce(guard.count_failures(auth, attempted), 0) for guard in self.guards]
        # of who is found, whatever was typed
        owned = [guard.count_failures(auth, literal("")) for guard in self.guards]
        self.not_shut: tuple[ColumnElement[bool], ...] = tuple(
            count < guard.most_failures for guard, count in zip(self.guards, owned, strict=True)
        )
        # one row in either case, counted in the same way: the time of the search
        # would tell who has an account
        self._search = (
            select(
                user.id,
                user.hashed_password,
                *(count.label(f"kit_failures_{number}") for number, count in enumerate(counts)),
            )
            .select_from(select(literal(1).label("kit_one")).subquery("kit_row"))
            .outerjoin(user, user.email == bindparam("address"))
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
        attempted = self._mark(address)

        def step(session: Session) -> FoundAccount:
            parameters = {"address": address, "kit_attempted": attempted}
            found = self._found(attempted, *session.execute(self._search, parameters).one())
            if releases:
                session.rollback()
            return found

        return await work.read(step)

    def _mark(self, address: str) -> str:
        """Return what stands for an address: what was typed may be a password."""
        return mac_text(self._keys.current(_PURPOSE).value, address.encode())

    def _found(
        self, attempted: str, user_id: Any, stored: str | None, *failures: int
    ) -> FoundAccount:
        counted = zip(self.guards, failures, strict=True)
        shut = any(count >= guard.most_failures for guard, count in counted)
        return FoundAccount(user_id, stored, attempted, failures, shut)

    async def hold(self, work: Work, found: FoundAccount, address: str) -> UserMixin[Any] | None:
        """Hold the user while address and hash are still theirs, and the account is not shut."""
        return await self._lock.take(
            work,
            kit_verified_id=found.user_id,
            kit_verified_address=address,
            kit_verified_hash=found.stored,
        )
