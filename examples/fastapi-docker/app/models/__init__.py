"""Every model, so that importing one place is enough for the metadata."""

from app.models.post import Post
from app.models.profile import Profile
from app.models.user import (
    AuditEvent,
    AuthSession,
    LoginFailure,
    OneTimeToken,
    PendingRegistration,
    User,
)

__all__ = [
    "AuditEvent",
    "AuthSession",
    "LoginFailure",
    "OneTimeToken",
    "PendingRegistration",
    "Post",
    "Profile",
    "User",
]
