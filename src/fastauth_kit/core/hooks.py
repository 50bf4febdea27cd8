"""The places where a feature, or the caller, takes part in a flow it does not own.

A class inherits from the hooks it implements, so that its first line says
where it takes part. Hooks that get a ``Work`` share its transaction, and may
run again when a transaction is retried; what must happen once, and only if
the data is safe, goes into ``work.after_commit``.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from fastapi.requests import HTTPConnection
from sqlalchemy import ColumnElement, Row, Select

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import AuthError
from fastauth_kit.core.events import Event as Event  # noqa: PLC0414  # told here, hence found here
from fastauth_kit.core.feature import Hook
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.work import Work


@dataclass(frozen=True, slots=True)
class Device:
    """Where a login came from, as far as it is known."""

    ip: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class IssuedSession:
    """The tokens of a new or refreshed session, never stored, and the seconds until each ends."""

    session_id: UUID
    access_token: str
    refresh_token: str
    expires_in: int
    session_expires_in: int

    def __repr__(self) -> str:
        return f"IssuedSession(session_id={self.session_id!r})"


@dataclass(frozen=True, slots=True)
class CurrentSession:
    """The session behind an authenticated request."""

    id: UUID
    user_id: Any
    authenticated_at: datetime
    """When the user last proved who they are."""
    methods: Mapping[str, datetime]
    """How (RFC 8176 names), and when each was used."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a verified access token says. Nothing was asked of the database."""

    user_id: Any
    session_id: UUID
    issued_at: datetime
    expires_at: datetime


class SessionIssuer(Hook, ABC):
    """Keeps sessions. Exactly one part does; only ``core.login`` asks it."""

    @abstractmethod
    async def issue_session(
        self, work: Work, user: UserMixin[Any], *, methods: Sequence[str], device: Device
    ) -> IssuedSession:
        """Insert a session and return its tokens."""

    @abstractmethod
    async def renew_session_proof(
        self, work: Work, session: CurrentSession, *, method: str
    ) -> None:
        """Note that the user of a session has just proved again who they are.

        Raises:
            InvalidToken: The session has ended.
        """


class Authenticator(Hook, ABC):
    """Recognises one kind of credential on a connection."""

    @abstractmethod
    def recognise(self, auth: Assembly[Any], connection: HTTPConnection) -> AccessClaims | None:
        """Return what the credential claims, without asking the database.

        ``None`` if the connection carries no credential of this kind.

        Raises:
            InvalidToken: It carries one that cannot work.
        """

    @abstractmethod
    def add_proof(self, statement: Select[Any], auth: Assembly[Any]) -> Select[Any]:
        """Restrict a SELECT of the user to a credential that is in force now."""

    @abstractmethod
    def parameters(self, claims: AccessClaims, now: datetime) -> Mapping[str, Any]:
        """Return the values for the parameters that ``add_proof`` named."""

    @abstractmethod
    async def is_in_force(self, work: Work, session: CurrentSession) -> bool:
        """Whether a session still lives, now."""

    @abstractmethod
    def session_of(self, claims: AccessClaims, row: Row[Any]) -> CurrentSession:
        """Return the session from the columns that ``add_proof`` added."""


class SecondFactor(Hook, ABC):
    """Asked after a first factor succeeded, before any session exists."""

    factor_name: ClassVar[str]

    @abstractmethod
    async def is_enrolled(self, work: Work, user: UserMixin[Any]) -> bool:
        """Whether this user must also present this factor."""


class LoginCondition(Hook, ABC):
    """May refuse a user who has proven who they are, before any session exists."""

    @property
    def login_errors(self) -> Collection[type[AuthError]]:
        """What it refuses with, for OpenAPI."""
        return ()

    @abstractmethod
    async def check_login(self, work: Work, user: UserMixin[Any]) -> None:
        """Raise an ``AuthError`` of the part's own to refuse."""


class RequestCondition(Hook, ABC):
    """May refuse a signed-in user on any request: for what ends in mid-session.

    The user has been loaded; nothing more can be asked of the database.
    """

    @property
    def request_errors(self) -> Collection[type[AuthError]]:
        """What it refuses with, for OpenAPI."""
        return ()

    @abstractmethod
    def check_request(self, auth: Assembly[Any], user: UserMixin[Any]) -> None:
        """Raise an ``AuthError`` of the part's own to refuse."""


class AttemptKind(StrEnum):
    """What an attempt could do if it were made without end."""

    LOGIN = "login"
    """Guess the password of an address."""
    REGISTRATION = "registration"
    """Fill the table of users, or learn who is in it."""
    CONFIRMATION = "confirmation"
    """Guess the password of whoever is signed in."""
    MAIL = "mail"
    """Fill a mailbox."""
    TOKEN = "token"
    """Guess what was sent to a mailbox."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that was asked for, before anything is done about it.

    Args:
        operation: Name of the operation, whatever path led to it.
        address: The address it is about, as typed; there may be no such account.
        user_id: Who is signed in.
    """

    kind: AttemptKind
    operation: str
    device: Device = Device()
    address: str | None = None
    user_id: Any = None


class RequestGuard(Hook, ABC):
    """Asked before something is done that can be asked for too often; see ``core.guards``.

    It has no ``Work``: no connection is held while it asks whomever it asks.
    """

    @abstractmethod
    async def admit(self, auth: Assembly[Any], attempt: Attempt) -> None:
        """Count an attempt, or raise ``TooManyAttempts`` to refuse it."""

    @abstractmethod
    async def give_back(self, auth: Assembly[Any], attempt: Attempt) -> None:
        """Take an attempt back that turned out to be the owner's."""


class LoginGuard(Hook, ABC):
    """Counts failed logins against accounts, and shuts those with too many.

    A shut account is answered as if the password were wrong, with the same
    work. Whether there is an account at all must not show either, in what is read
    and written: what fails for an address without an account is to be counted by
    ``attempted``, a mark of what was typed, as that of an account is by its id.
    """

    most_failures: int

    @abstractmethod
    def count_failures(
        self, auth: Assembly[Any], attempted: ColumnElement[str]
    ) -> ColumnElement[int]:
        """Return the SQL of the count, over a row of the users, or of NULLs for nobody.

        It is read together with the account, so that it costs no statement.
        """

    @abstractmethod
    async def login_failed(
        self, work: Work, user_id: Any | None, attempted: str, failures: int, device: Device
    ) -> None:
        """Take note of a wrong password; ``failures`` were counted before."""

    @abstractmethod
    async def login_succeeded(
        self, work: Work, user: UserMixin[Any], failures: int, device: Device
    ) -> None:
        """Take note of a right one; the user is held."""


class CredentialChange(StrEnum):
    """What no longer holds, so that everything resting on it must end."""

    PASSWORD = "password"
    FACTOR = "factor"
    EMAIL = "email"
    DEACTIVATED = "deactivated"
    OWNER_PROVEN = "owner_proven"
    """The mailbox was proven for the first time, and not by who set up the account:
    whatever they left behind (a factor, a key) may be a stranger's, and goes."""


class CredentialListener(Hook, ABC):
    """Holds something that rests on a user's credentials: sessions, tokens."""

    @abstractmethod
    async def credential_changed(
        self,
        work: Work,
        user: UserMixin[Any],
        change: CredentialChange,
        *,
        keep_session: UUID | None = None,
    ) -> None:
        """End what rested on it, except the session that made the change."""


class AccountRemover(Hook, ABC):
    """Has rows of a user to remove, or a reason why the user must stay."""

    @abstractmethod
    async def before_removal(self, work: Work, user: UserMixin[Any]) -> None:
        """Remove them, or raise an ``AuthError`` to refuse."""


class EventSink(Hook, ABC):
    """Is told of everything that happens."""

    @abstractmethod
    async def receive(self, work: Work, event: Event) -> None:
        """Take note of an event, in the transaction that it belongs to."""


async def tell(work: Work, event: Event) -> None:
    """Tell every sink of an event."""
    for sink in work.auth.taking_part(EventSink):
        await sink.receive(work, event)


async def announce_credential_change(
    work: Work,
    user: UserMixin[Any],
    change: CredentialChange,
    *,
    keep_session: UUID | None = None,
) -> None:
    """End everything that rested on a credential: the one place for all flows."""
    for listener in work.auth.taking_part(CredentialListener):
        await listener.credential_changed(work, user, change, keep_session=keep_session)
