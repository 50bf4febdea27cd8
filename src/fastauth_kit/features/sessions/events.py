"""What happens to sessions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from fastauth_kit.core.hooks import CredentialChange, Device, Event


class RevokedReason(StrEnum):
    """Why a session ended before its time."""

    LOGOUT = "logout"
    REVOKED = "revoked"
    REUSE = "refresh_token_reuse"
    PASSWORD = "password_changed"
    FACTOR = "factor_changed"
    EMAIL = "email_changed"
    DEACTIVATED = "deactivated"
    OWNER_PROVEN = "owner_proven"


REASONS = {
    CredentialChange.PASSWORD: RevokedReason.PASSWORD,
    CredentialChange.FACTOR: RevokedReason.FACTOR,
    CredentialChange.EMAIL: RevokedReason.EMAIL,
    CredentialChange.DEACTIVATED: RevokedReason.DEACTIVATED,
    CredentialChange.OWNER_PROVEN: RevokedReason.OWNER_PROVEN,
}
"""Why sessions end when a credential changes."""


@dataclass(frozen=True, slots=True)
class LoggedIn(Event):
    """A session was made."""

    user_id: Any
    session_id: UUID
    methods: tuple[str, ...]
    device: Device


@dataclass(frozen=True, slots=True)
class Reauthenticated(Event):
    """Somebody signed in proved again who they are; their session goes on."""

    user_id: Any
    session_id: UUID
    method: str


@dataclass(frozen=True, slots=True)
class SessionRefreshed(Event):
    """A refresh token was exchanged for its successor."""

    user_id: Any
    session_id: UUID


@dataclass(frozen=True, slots=True)
class SessionsRevoked(Event):
    """Sessions of one user ended before their time."""

    user_id: Any
    count: int
    reason: RevokedReason
    session_id: UUID | None = None
    """The one that ended, if it was a particular one."""


@dataclass(frozen=True, slots=True)
class RefreshTokenReused(Event):
    """A refresh token came back after it was replaced: somebody stole one."""

    succeeded: ClassVar[bool] = False

    user_id: Any
    session_id: UUID
