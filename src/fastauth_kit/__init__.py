"""Accounts and sessions for FastAPI apps that keep their own models and database."""

from fastauth_kit.core.addresses import canonical_email, lookup_form
from fastauth_kit.core.authentication import Authenticated
from fastauth_kit.core.errors import AuthError, ConfigurationError, TooManyAttempts
from fastauth_kit.core.hooks import (
    AccessClaims,
    AccountRemover,
    Attempt,
    AttemptKind,
    CredentialChange,
    CredentialListener,
    CurrentSession,
    Device,
    Event,
    EventSink,
    LoginCondition,
    LoginGuard,
    RequestCondition,
    RequestGuard,
    SecondFactor,
    tell,
)
from fastauth_kit.core.install import install_errors
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.models import CurrentMoment, UserMixin, UtcDateTime
from fastauth_kit.core.problems import ErrorShape
from fastauth_kit.core.routes import Routes, get_auth_router
from fastauth_kit.core.settings import AuthSettings
from fastauth_kit.core.subscriptions import on
from fastauth_kit.core.websockets import WebSocketUser
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import (
    Accounts,
    UserCreate,
    UserRead,
    UserUpdate,
    get_register_router,
    get_users_router,
)
from fastauth_kit.features.passwords import Passwords, get_password_router
from fastauth_kit.features.sessions import SessionMixin, Sessions, get_session_router

__version__ = "0.1.0"

__all__ = [
    "AccessClaims",
    "AccountRemover",
    "Accounts",
    "Attempt",
    "AttemptKind",
    "AuthError",
    "AuthKit",
    "AuthSettings",
    "Authenticated",
    "ConfigurationError",
    "CredentialChange",
    "CredentialListener",
    "CurrentMoment",
    "CurrentSession",
    "Device",
    "ErrorShape",
    "Event",
    "EventSink",
    "LoginCondition",
    "LoginGuard",
    "Passwords",
    "RequestCondition",
    "RequestGuard",
    "Routes",
    "SecondFactor",
    "SessionMixin",
    "Sessions",
    "TooManyAttempts",
    "UserCreate",
    "UserMixin",
    "UserRead",
    "UserUpdate",
    "UtcDateTime",
    "WebSocketUser",
    "Work",
    "canonical_email",
    "get_auth_router",
    "get_password_router",
    "get_register_router",
    "get_session_router",
    "get_users_router",
    "install_errors",
    "lookup_form",
    "on",
    "tell",
]
