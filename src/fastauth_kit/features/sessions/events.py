"""What happens to sessions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from fastauth_kit.core.hooks import Device, Event


class RevokedReason(StrEnum):
    """Why a session ended before its time."""

    LOGOUT = "logout"
    REVOKED = "revoked"
    REUSE = "refresh_token_reuse"
    PASSWORD = "password_changed"
    FACTOR = "factor_changed"
    EMAIL = "email_changed"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True)
class LoggedIn(Event):
    """A session was made."""

    user_id: Any
    session_id: UUID
    methods: tuple[str, ...]
    device: Device


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

    user_id: Any
    session_id: UUID
