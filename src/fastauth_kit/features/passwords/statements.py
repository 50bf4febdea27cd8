"""What is sent at every login: built once, because building costs more than sending."""

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.store import RowLock
from fastauth_kit.core.work import Work


class LoginStatements:
    """The statements of one table of users, with their parameters left open."""

    def __init__(self, auth: Assembly[Any]) -> None:
        user: Any = auth.user_model
        self._search = select(user.id, user.hashed_password).where(
            user.email == bindparam("address")
        )
        # none may be the name of a column: it would be a value for it
        self._lock: RowLock[UserMixin[Any]] = RowLock(
            user,
            user.id == bindparam("kit_verified_id"),
            user.email == bindparam("kit_verified_address"),
            user.hashed_password == bindparam("kit_verified_hash"),
            shared=True,
        )

    async def find_hash(self, work: Work, address: str) -> tuple[Any, str | None]:
        """Return the id and the hash of an account; two ``None`` if there is none.

        Gives the connection back, as ``work.release`` does, in the same step.
        """
        releases = work.is_clean

        def step(session: Session) -> tuple[Any, str | None]:
            row = session.execute(self._search, {"address": address}).one_or_none()
            found = (None, None) if row is None else (row.id, row.hashed_password)
            if releases:
                session.rollback()
            return found

        return await work.read(step)

    async def hold(
        self, work: Work, user_id: Any, address: str, stored: str
    ) -> UserMixin[Any] | None:
        """Hold the user while address and hash are still theirs."""
        return await self._lock.take(
            work, kit_verified_id=user_id, kit_verified_address=address, kit_verified_hash=stored
        )
