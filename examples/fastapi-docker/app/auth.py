"""The kit, put together once."""

from datetime import timedelta
from typing import Final

from asgi_correlation_id import correlation_id

from app.config import get_settings
from app.database import get_db
from app.models import (
    AuditEvent,
    AuthSession,
    LoginFailure,
    OneTimeToken,
    PendingRegistration,
    User,
)
from app.schemas.user import UserCreate, UserResponse, UserUpdate
from app.services.mail import WelcomeMail, make_mailer
from app.services.profiles import ProfileWithAccount
from fastauth_kit import Accounts, AuthKit, Passwords, Sessions
from fastauth_kit.features.audit import Audit
from fastauth_kit.features.email_change import EmailChange
from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.magic_links import MagicLinks
from fastauth_kit.features.mail import Mail
from fastauth_kit.features.one_time_tokens import OneTimeTokens
from fastauth_kit.features.password_reset import PasswordReset
from fastauth_kit.features.private_registration import PrivateRegistration
from fastauth_kit.features.throttling import MemoryStore, Throttling
from fastauth_kit.features.throttling.redis_store import RedisStore

settings = get_settings()

idle = timedelta(days=settings.REFRESH_TOKEN_EXPIRE_DAYS)
# in memory each worker counts for itself
counts = RedisStore(settings.REDIS_URL) if settings.REDIS_URL else MemoryStore()
throttling = () if settings.THROTTLING == "off" else (Throttling(store=counts),)
# whether an address has an account is then nobody's to know; else POST /register tells
private = PrivateRegistration(model=PendingRegistration, page="/verify-email")
registration = (private,) if settings.PRIVATE_REGISTRATION else ()

SESSION_SCOPE: Final = "function"
"""Database sessions end before the answer leaves: who reads slowly holds no connection.

FastAPI shares a dependency by its scope too. Ask for ``DbSession``, which has this
one, and the user and your own rows are in the same session.
"""

auth = AuthKit(
    user_model=User,
    get_session=get_db,
    session_scope=SESSION_SCOPE,
    settings=settings.auth(),
    features=(
        Accounts(create_schema=UserCreate, update_schema=UserUpdate, read_schema=UserResponse),
        Passwords(),
        Sessions(
            model=AuthSession,
            access_token_lifetime=timedelta(minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES),
            idle_lifetime=idle,
            absolute_lifetime=max(idle, timedelta(days=90)),
        ),
        settings.signing_keys(),
        # for pages in a browser, beside bearer tokens for everybody
        settings.cookies(),
        # who guesses
        *throttling,
        Lockout(model=LoginFailure),
        # who did what, and where from; people read what is theirs at GET /api/auth/events
        Audit(model=AuditEvent, request_id=correlation_id.get),
        # links by mail; each leads to a page in app/pages/
        Mail(
            mailer=make_mailer(settings),
            sender=settings.MAIL_FROM,
            public_url=settings.PUBLIC_URL,
            product_name=settings.APP_NAME,
        ),
        OneTimeTokens(model=OneTimeToken),
        EmailVerification(page="/verify-email", required=settings.REQUIRE_VERIFIED_EMAIL),
        PasswordReset(page="/reset-password"),
        MagicLinks(page="/magic-link"),
        EmailChange(page="/change-email", undo_page="/undo-email-change"),
        *registration,
    ),
    hooks=(ProfileWithAccount(), WelcomeMail()),
)
