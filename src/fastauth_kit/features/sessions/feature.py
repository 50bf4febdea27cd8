"""Sessions: made at login, refreshed by rotation, listed and ended by their user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from fastapi.requests import HTTPConnection
from sqlalchemy import Row, Select, bindparam, delete, select, update
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import (
    AccessClaims,
    AccountRemover,
    Authenticator,
    CredentialChange,
    CredentialListener,
    CurrentSession,
    Device,
    IssuedSession,
    SessionIssuer,
    tell,
)
from fastauth_kit.core.models import UserMixin, check_table
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.store import change
from fastauth_kit.core.work import Work
from fastauth_kit.features.sessions.access_token import make_access_token
from fastauth_kit.features.sessions.errors import SessionNotFound
from fastauth_kit.features.sessions.events import (
    REASONS,
    LoggedIn,
    RevokedReason,
    SessionsRevoked,
)
from fastauth_kit.features.sessions.models import SessionMixin
from fastauth_kit.features.sessions.presented import recognise_session
from fastauth_kit.features.sessions.proof import new_row, renew_proof
from fastauth_kit.features.sessions.refresh_token import (
    REFRESH_PURPOSE,
    make_refresh_token,
)
from fastauth_kit.features.sessions.rotation import refresh_session, revoke_by_refresh_token
from fastauth_kit.features.sessions.router import add_session_routes
from fastauth_kit.features.sessions.statements import SessionStatements

MOST_LISTED = 100
"""Sessions shown to their user, the latest used first."""


@dataclass(frozen=True, kw_only=True)
class Sessions(Feature, SessionIssuer, Authenticator, CredentialListener, AccountRemover):
    """Sessions with short access tokens and rotating refresh tokens.

    Args:
        model: The caller's table, built on ``SessionMixin``.
        access_token_lifetime: How long an access token works. Revocation does
            not wait for it: every request checks the session.
        idle_lifetime: A session ends when it is not refreshed for this long.
        absolute_lifetime: A session ends after this long whatever happens.
        refresh_grace: How long the direct predecessor of a refresh token is
            answered with the same successor again, for answers that were lost.

    Raises:
        ConfigurationError: A lifetime is not positive, or longer than the one
            that should contain it.
    """

    name: ClassVar[str] = "sessions"

    model: type[SessionMixin[Any]]
    access_token_lifetime: timedelta = timedelta(minutes=30)
    idle_lifetime: timedelta = timedelta(days=14)
    absolute_lifetime: timedelta = timedelta(days=90)
    refresh_grace: timedelta = timedelta(seconds=10)

    def __post_init__(self) -> None:
        if self.access_token_lifetime < timedelta(seconds=1):
            raise ConfigurationError("access_token_lifetime must be at least a second")
        if not self.access_token_lifetime <= self.idle_lifetime <= self.absolute_lifetime:
            raise ConfigurationError(
                "lifetimes must grow: access_token_lifetime <= idle_lifetime <= absolute_lifetime"
            )
        if not timedelta(0) <= self.refresh_grace <= timedelta(minutes=5):
            raise ConfigurationError("refresh_grace must be between 0 and 5 minutes")

    def check(self, auth: Assembly[Any]) -> None:
        """Check that the sessions belong to this user table."""
        check_table(self.model, owner=auth.user_model)

    def add_auth_routes(self, table: RouteTable) -> None:
        """Add refresh, logout and the list of sessions."""
        add_session_routes(self, table)

    # -- making and proving sessions -------------------------------------------------

    async def issue_session(
        self, work: Work, user: UserMixin[Any], *, methods: Sequence[str], device: Device
    ) -> IssuedSession:
        """Insert a session and return its tokens. Only ``finish_login`` calls it."""
        key = work.auth.keys.current(REFRESH_PURPOSE)
        values = new_row(self, work.now, user, methods, device)
        values["refresh_key_id"] = key.id
        await work.run(lambda session: self.statements.insert_session(session, values))
        session_id: UUID = values["id"]
        await tell(work, LoggedIn(user.id, session_id, tuple(methods), device))
        refresh_token = make_refresh_token(
            session_id, 0, key_id=key.id, key=key.value, salt=values["refresh_salt"]
        )
        return self.with_access_token(
            work,
            refresh_token,
            user_id=user.id,
            session_id=session_id,
            ends_at=values["absolute_expires_at"],
        )

    async def renew_session_proof(
        self, work: Work, session: CurrentSession, *, method: str
    ) -> None:
        """Move the time at which the user last proved who they are."""
        await renew_proof(work, self, session, method)

    def with_access_token(
        self,
        work: Work,
        refresh_token: str,
        *,
        user_id: Any,
        session_id: UUID,
        ends_at: datetime,
    ) -> IssuedSession:
        """Add a fresh access token, which does not outlive its session."""
        lifetime = min(self.access_token_lifetime, ends_at - work.now)
        seconds = max(1, int(lifetime.total_seconds()))
        access_token = make_access_token(
            work.auth,
            user_id=user_id,
            session_id=session_id,
            now=work.now,
            lifetime_seconds=seconds,
        )
        session_lifetime = min(self.idle_lifetime, ends_at - work.now)
        return IssuedSession(
            session_id,
            access_token,
            refresh_token,
            seconds,
            max(1, int(session_lifetime.total_seconds())),
        )

    def recognise(self, auth: Assembly[Any], connection: HTTPConnection) -> AccessClaims | None:
        """Verify the access token of a connection, if there is one."""
        return recognise_session(auth, connection, self.access_token_lifetime)

    def add_proof(self, statement: Select[Any], auth: Assembly[Any]) -> Select[Any]:
        """Join the session, which must be in force and the user's own."""
        model = self.model
        return (
            statement.join(model, model.user_id == auth.user_model.id)
            .add_columns(model.authenticated_at, model.amr)
            .where(
                model.id == bindparam("session_id"),
                model.user_id == bindparam("user_id"),
                *self.in_force(bindparam("now")),
            )
        )

    def parameters(self, claims: AccessClaims, now: datetime) -> Mapping[str, Any]:
        """Return the values of the parameters named in ``add_proof``."""
        return {"session_id": claims.session_id, "user_id": claims.user_id, "now": now}

    def session_of(self, claims: AccessClaims, row: Row[Any]) -> CurrentSession:
        """Return the session from the columns added in ``add_proof``."""
        methods = {method: datetime.fromisoformat(when) for method, when in row.amr.items()}
        return CurrentSession(claims.session_id, claims.user_id, row.authenticated_at, methods)

    async def is_in_force(self, work: Work, session: CurrentSession) -> bool:
        """Whether a session still lives, now."""
        statement = select(self.model.id).where(
            self.model.id == session.id, *self.in_force(work.now)
        )
        return await work.scalar(statement) is not None

    def in_force(self, now: Any, columns: Any = None) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions under which a session lives.

        Args:
            columns: Of its table, for a statement without the ORM.
        """
        own = self.model if columns is None else columns
        return own.revoked_at.is_(None), own.idle_expires_at > now, own.absolute_expires_at > now

    @cached_property
    def statements(self) -> SessionStatements:
        """What logins and refreshes send."""
        return SessionStatements(self)

    # -- refreshing, listing and ending sessions ---------------------------------------

    async def refresh(self, work: Work, token: str) -> IssuedSession:
        """Exchange a refresh token for fresh tokens.

        Raises:
            InvalidRefreshToken: It does not work, or no longer.
        """
        return await refresh_session(work, self, token)

    async def log_out(self, work: Work, refresh_token: str) -> None:
        """End the session of a refresh token, of whatever generation.

        Raises:
            InvalidRefreshToken: It is not genuine, or its session is over.
        """
        await revoke_by_refresh_token(work, self, refresh_token)

    async def list_for(self, work: Work, user_id: Any) -> Sequence[SessionMixin[Any]]:
        """Return a user's sessions in force, the latest used first."""
        found: Sequence[SessionMixin[Any]] = await work.scalars(
            select(self.model)
            .where(self.model.user_id == user_id, *self.in_force(work.now))
            .order_by(self.model.last_used_at.desc(), self.model.id.desc())
            .limit(MOST_LISTED)
        )
        return found

    async def revoke(
        self, work: Work, user_id: Any, session_id: UUID, reason: RevokedReason
    ) -> None:
        """End one session of a user's.

        Raises:
            SessionNotFound: They have no such session in force.
        """
        this = (self.model.id == session_id, *self.in_force(work.now))
        if not await self.end_where(work, user_id, reason, *this):
            raise SessionNotFound
        await tell(work, SessionsRevoked(user_id, 1, reason, session_id))

    async def revoke_all(
        self, work: Work, user_id: Any, reason: RevokedReason, *, keep: UUID | None = None
    ) -> int:
        """End every session of a user's, except ``keep``; return how many."""
        others = (self.model.id != keep,) if keep is not None else ()
        count = await self.end_where(work, user_id, reason, *others)
        if count:
            await tell(work, SessionsRevoked(user_id, count, reason))
        return count

    async def end_where(
        self, work: Work, user_id: Any, reason: RevokedReason, *which: ColumnElement[bool]
    ) -> int:
        """End the sessions of a user's that meet conditions; return how many.

        Those that have expired by this machine's clock too: by the clock of
        another one they may still live.
        """
        statement = (
            update(self.model)
            .where(self.model.user_id == user_id, self.model.revoked_at.is_(None), *which)
            .values(revoked_at=work.now, revoked_reason=reason.value)
        )
        return await change(work, statement)

    async def credential_changed(
        self,
        work: Work,
        user: UserMixin[Any],
        change: CredentialChange,
        *,
        keep_session: UUID | None = None,
    ) -> None:
        """End what was opened with credentials that no longer hold."""
        await self.revoke_all(work, user.id, REASONS[change], keep=keep_session)

    async def before_removal(self, work: Work, user: UserMixin[Any]) -> None:
        """Delete a user's sessions: not every database cascades (SQLite does when asked)."""
        await change(work, delete(self.model).where(self.model.user_id == user.id))
