"""Passwords: chosen under a policy, verified at login, changed by their owner."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import select, update
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.addresses import lookup_form
from fastauth_kit.core.authentication import Authenticated, is_recent
from fastauth_kit.core.errors import RecentLoginRequired
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import (
    CredentialChange,
    Device,
    IssuedSession,
    announce_credential_change,
    tell,
)
from fastauth_kit.core.login import PendingLogin, finish_first_factor
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.store import change, hold
from fastauth_kit.core.work import Work
from fastauth_kit.features.passwords.errors import InvalidCredentials, InvalidPassword
from fastauth_kit.features.passwords.events import LoginFailed, PasswordChanged
from fastauth_kit.features.passwords.hashing import PasswordHasher
from fastauth_kit.features.passwords.policy import PasswordPolicy, PasswordRules
from fastauth_kit.features.passwords.router import add_password_routes

METHOD = "pwd"
"""Name of the method in ``amr`` (RFC 8176, section 2)."""

RECENT = timedelta(minutes=5)
"""A login this recent stands in for the password of an account that has none."""


@dataclass(frozen=True, kw_only=True)
class Passwords(Feature):
    """Login with an e-mail address and a password.

    Args:
        hasher: How passwords are hashed: passlib's context, and the pool of
            threads it runs in.
        policy: Which passwords may be chosen.
    """

    name: ClassVar[str] = "passwords"

    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    policy: PasswordRules = field(default_factory=PasswordPolicy)

    def add_auth_routes(self, table: RouteTable) -> None:
        """Add login and the change of the password."""
        add_password_routes(self, table)

    async def aclose(self) -> None:
        """End the hashing threads; they start again when needed."""
        # in a thread: closing waits for the hashes under way
        await asyncio.to_thread(self.hasher.pool.close)

    async def log_in(
        self, work: Work, email: str, password: str, *, device: Device = Device()
    ) -> IssuedSession | PendingLogin:
        """Verify a password, and go on to the second factor or the session.

        No connection is held while hashing. The write that makes the session
        checks again that the password verified is still the one in force.

        Raises:
            InvalidCredentials: Unknown address or wrong password; the same
                work is done for either.
            InactiveUser: The password is right, the account deactivated.
            Busy: The hashing queue is full.
        """
        address = lookup_form(email)
        user_id, stored = await self._find(work, address)
        await work.release()
        outcome = await self.hasher.verify(password, stored)
        user = None
        if outcome.valid:
            assert stored is not None  # noqa: S101  # nothing else verifies; for the types
            user = await self._confirm(work, user_id, stored, outcome.new_hash)
        if user is None:
            work.record(lambda work: tell(work, LoginFailed(address, device)))
            raise InvalidCredentials
        return await finish_first_factor(work, user, method=METHOD, device=device)

    async def hash_new(
        self, work: Work, password: str, *, place: str, email: str, name: str | None
    ) -> str:
        """Return the hash of a password that somebody chose.

        Args:
            place: Field of the body that a refusal names.

        Raises:
            InvalidInput: The policy refuses it.
            Busy: The hashing queue is full.
        """
        self.policy.check(password, field=place, email=email, name=name)
        await work.release()
        return await self.hasher.hash(password, field=place)

    async def change(
        self, work: Work, who: Authenticated[Any], current: str | None, new: str
    ) -> None:
        """Replace the password; every other session ends.

        Raises:
            InvalidPassword: ``current`` is wrong, or no longer in force.
            RecentLoginRequired: The account has no password and the login is old.
            InvalidInput: The policy refuses the new one.
        """
        user, session = who.user, who.session
        user_id, email, name = user.id, user.email, getattr(user, "name", None)
        stored = await self.prove(work, who, current)
        new_hash = await self.hash_new(work, new, place="new_password", email=email, name=name)
        held = await self.hold_proven(work, user_id, stored)
        held.hashed_password = new_hash
        held.updated_at = work.now
        await work.flush()
        await announce_credential_change(
            work, held, CredentialChange.PASSWORD, keep_session=session.id
        )
        await tell(work, PasswordChanged(user_id))

    async def prove(self, work: Work, who: Authenticated[Any], password: str | None) -> str | None:
        """Confirm that the password of the signed-in user is known to them.

        Returns the hash it was verified against. The user object is expired
        afterwards: copy what is needed first.

        Raises:
            InvalidPassword: It is wrong, or missing.
            RecentLoginRequired: The account has no password and the login is old.
        """
        stored: str | None = who.user.hashed_password
        await work.release()
        if stored is None:
            if not is_recent(work.auth, who.session, RECENT):
                raise RecentLoginRequired
        elif password is None or not (await self.hasher.verify(password, stored)).valid:
            raise InvalidPassword
        return stored

    async def hold_proven(self, work: Work, user_id: Any, stored: str | None) -> UserMixin[Any]:
        """Lock the user while what was proven still holds.

        Raises:
            InvalidPassword: It was changed, or the account closed, meanwhile.
        """
        model = work.auth.user_model
        user: UserMixin[Any] | None = await hold(
            work, model, model.id == user_id, model.is_active.is_(True), _same_hash(model, stored)
        )
        if user is None:
            raise InvalidPassword
        return user

    async def _find(self, work: Work, address: str) -> tuple[Any, str | None]:
        model = work.auth.user_model
        statement = select(model.id, model.hashed_password).where(model.email == address)
        row = (await work.execute(statement)).one_or_none()
        return (None, None) if row is None else (row.id, row.hashed_password)

    async def _confirm(
        self, work: Work, user_id: Any, stored: str, new_hash: str | None
    ) -> UserMixin[Any] | None:
        """Hold the user while the verified hash is still theirs; upgrade it if due."""
        model = work.auth.user_model
        verified = (model.id == user_id, model.hashed_password == stored)
        user: UserMixin[Any] | None
        if new_hash is None:
            user = await hold(work, model, *verified, shared=True)
            return user
        # the owner changed nothing: updated_at stays
        values = {"hashed_password": new_hash, "updated_at": model.updated_at}
        if await change(work, update(model).where(*verified).values(values)) == 0:
            return None
        # having been written here, the row is held already
        written = select(model).where(model.id == user_id)
        user = await work.scalar(written.execution_options(populate_existing=True))
        return user


def _same_hash(model: type[UserMixin[Any]], stored: str | None) -> ColumnElement[bool]:
    column = model.hashed_password
    return column.is_(None) if stored is None else column == stored
