"""Sessions: short access tokens, rotating refresh tokens, a list of devices."""

from fastauth_kit.core.pruning import PrunedBatch
from fastauth_kit.features.sessions.errors import InvalidRefreshToken, SessionNotFound
from fastauth_kit.features.sessions.events import (
    LoggedIn,
    Reauthenticated,
    RefreshTokenReused,
    RevokedReason,
    SessionRefreshed,
    SessionsRevoked,
)
from fastauth_kit.features.sessions.factory import get_session_router
from fastauth_kit.features.sessions.feature import Sessions
from fastauth_kit.features.sessions.models import SessionMixin
from fastauth_kit.features.sessions.pruning import prune_batch, prune_sessions
from fastauth_kit.features.sessions.schemas import SessionRead

__all__ = [
    "InvalidRefreshToken",
    "LoggedIn",
    "PrunedBatch",
    "Reauthenticated",
    "RefreshTokenReused",
    "RevokedReason",
    "SessionMixin",
    "SessionNotFound",
    "SessionRead",
    "SessionRefreshed",
    "Sessions",
    "SessionsRevoked",
    "get_session_router",
    "prune_batch",
    "prune_sessions",
]
