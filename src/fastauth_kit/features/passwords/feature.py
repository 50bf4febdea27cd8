"""Passwords: chosen under a policy, verified at login, changed by their owner."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import select, update
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.acting import confirm_session
from fastauth_kit.core.addresses import MAX_TYPED_LENGTH, lookup_form
from fastauth_kit.core.authentication import Authenticated
from fastauth_kit.core.errors import RecentLoginRequired
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.guards import admit, give_back_after_commit
from fastauth_kit.core.hooks import (
    Attempt,
    AttemptKind,
    CredentialChange,
    CurrentSession,
    Device,
    IssuedSession,
    LoginGuard,
    announce_credential_change,
    tell,
)
from fastauth_kit.core.login import PendingLogin, finish_first_factor, reauthenticate
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.requirement import is_recent
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.store import change, find, hold
from fastauth_kit.core.text import printable
from fastauth_kit.core.work import Work
from fastauth_kit.features.passwords.errors import InvalidCredentials, InvalidPassword
from fastauth_kit.features.passwords.events import ConfirmationFailed, LoginFailed, PasswordChanged
from fastauth_kit.features.passwords.hashing import PasswordHasher
from fastauth_kit.features.passwords.policy import PasswordPolicy, PasswordRules
from fastauth_kit.features.passwords.router import add_password_routes
from fastauth_kit.features.passwords.statements import FoundAccount, LoginStatements

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
        """Add login, the confirmation and the change of the password."""
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
        checks again that address and password verified are still in force.

        Raises:
            InvalidCredentials: Unknown address, wrong password, or an account
                that a ``LoginGuard`` has shut; the same work is done for each.
            TooManyAttempts: A ``RequestGuard`` refuses.
            InactiveUser: The password is right, the account deactivated.
            Busy: The hashing queue is full.
        """
        address = lookup_form(email)
        attempt = Attempt(AttemptKind.LOGIN, "login", device, address=address)
        await admit(work.auth, attempt)
        user, found = await self._verify(work, address, password)
        if user is None:
            work.record(lambda work: _note_failure(work, address, found, device))
            raise InvalidCredentials
        await _note_success(work, user, found, device)
        give_back_after_commit(work, attempt)
        return await finish_first_factor(work, user, method=METHOD, device=device)

    async def _verify(
        self, work: Work, address: str, password: str
    ) -> tuple[UserMixin[Any] | None, FoundAccount]:
        """Return the user, held, if the password is theirs; and what it was checked against."""
        statements = work.auth.prepared(LoginStatements)
        found = FoundAccount()
        for _ in range(2):  # whoever finds the hash upgraded meanwhile looks again
            # no connection is held from here on
            found = await statements.find_account(work, address)
            stored = found.stored
            outcome = await self.hasher.verify(password, stored, shut=found.shut)
            if stored is None or not outcome.valid:
                return None, found
            if outcome.new_hash is None:
                user = await statements.hold(work, found, address)
            else:
                user = await self._upgrade(work, found, address, outcome.new_hash)
            if user is not None:
                return user, found
            await work.restart()
        return None, found

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
        held = await self.hold_proven(work, session, stored)
        held.hashed_password = new_hash
        held.updated_at = work.now
        await work.flush()
        await announce_credential_change(
            work, held, CredentialChange.PASSWORD, keep_session=session.id
        )
        await tell(work, PasswordChanged(user_id))

    async def replace(self, work: Work, user_id: Any, new: str) -> UserMixin[Any] | None:
        """Give a user a new password, for an operator; every session and link ends.

        Returns the user, or ``None`` if there is no such account.

        Raises:
            InvalidInput: The policy refuses it.
            Busy: The hashing queue is full.
        """
        model = work.auth.user_model
        owner: UserMixin[Any] | None = await find(work, model, model.id == user_id)
        if owner is None:
            return None
        email, name = owner.email, getattr(owner, "name", None)
        new_hash = await self.hash_new(work, new, place="password", email=email, name=name)
        held: UserMixin[Any] | None = await hold(work, model, model.id == user_id)
        if held is None:
            return None
        held.hashed_password = new_hash
        held.updated_at = work.now
        await work.flush()
        await announce_credential_change(work, held, CredentialChange.PASSWORD)
        await tell(work, PasswordChanged(held.id))
        return held

    async def confirm(self, work: Work, who: Authenticated[Any], password: str) -> None:
        """Let the signed-in user prove again who they are; their session goes on.

        For routes behind ``require_user(max_age=...)``.

        Raises:
            InvalidPassword: It is wrong, or no longer in force.
            RecentLoginRequired: The account has no password, or a second
                factor: only a new login will do.
        """
        session = who.session
        if who.user.hashed_password is None:
            raise RecentLoginRequired
        stored = await self.prove(work, who, password)
        user = await self.hold_proven(work, session, stored)
        await reauthenticate(work, user, session, method=METHOD)

    async def prove(self, work: Work, who: Authenticated[Any], password: str | None) -> str | None:
        """Confirm that the password of the signed-in user is known to them.

        Returns the hash it was verified against. The user object is expired
        afterwards: copy what is needed first.

        Raises:
            TooManyAttempts: A ``RequestGuard`` refuses.
            InvalidPassword: It is wrong, or missing.
            RecentLoginRequired: The account has no password and the login is old.
        """
        stored: str | None = who.user.hashed_password
        session = who.session
        await work.release()
        if stored is None:
            if not is_recent(session, work.now, RECENT):
                raise RecentLoginRequired(max_age=RECENT)
            return None
        attempt = Attempt(AttemptKind.CONFIRMATION, "confirm_password", user_id=session.user_id)
        await admit(work.auth, attempt)
        if password is None or not (await self.hasher.verify(password, stored)).valid:
            work.record(lambda work: tell(work, ConfirmationFailed(session.user_id)))
            raise InvalidPassword
        give_back_after_commit(work, attempt)
        return stored

    async def hold_proven(
        self, work: Work, session: CurrentSession, stored: str | None
    ) -> UserMixin[Any]:
        """Lock the user while what was proven still holds, and the session too.

        Raises:
            InvalidPassword: It was changed, or the account closed, meanwhile.
            InvalidToken: The session has ended meanwhile.
        """
        model = work.auth.user_model
        active = (model.id == session.user_id, model.is_active.is_(True))
        user: UserMixin[Any] | None = await hold(work, model, *active, _same_hash(model, stored))
        if user is None:
            raise InvalidPassword
        await confirm_session(work, session)
        return user

    async def _upgrade(
        self, work: Work, found: FoundAccount, address: str, new_hash: str
    ) -> UserMixin[Any] | None:
        """Replace the hash while what was verified is still theirs; return the user."""
        model, user_id = work.auth.user_model, found.user_id
        verified = (
            model.id == user_id,
            model.email == address,
            model.hashed_password == found.stored,
            *work.auth.prepared(LoginStatements).not_shut,
        )
        # the owner changed nothing: updated_at stays
        values = {"hashed_password": new_hash, "updated_at": model.updated_at}
        if await change(work, update(model).where(*verified).values(values)) == 0:
            return None
        # having been written here, the row is held already
        written = select(model).where(model.id == user_id)
        user: UserMixin[Any] | None = await work.scalar(
            written.execution_options(populate_existing=True)
        )
        return user


async def _note_failure(work: Work, address: str, found: FoundAccount, device: Device) -> None:
    typed = printable(address, at_most=MAX_TYPED_LENGTH)
    await tell(work, LoginFailed(typed, device, found.user_id))
    guards = work.auth.taking_part(LoginGuard)
    for guard, failures in zip(guards, found.failures, strict=True):
        await guard.login_failed(work, found.user_id, found.attempted, failures, device)


async def _note_success(
    work: Work, user: UserMixin[Any], found: FoundAccount, device: Device
) -> None:
    for guard, failures in zip(work.auth.taking_part(LoginGuard), found.failures, strict=True):
        await guard.login_succeeded(work, user, failures, device)


def _same_hash(model: type[UserMixin[Any]], stored: str | None) -> ColumnElement[bool]:
    column = model.hashed_password
    return column.is_(None) if stored is None else column == stored
