"""The kit with every feature switched on, on the engine that ``bare`` uses.

Limits are as many as nobody reaches, over a second: what is measured is the work of
counting, not a refusal.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage

from fastapi import FastAPI
from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.common import SECRET, argon2_params, make_engine
from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    get_auth_router,
    get_users_router,
)
from fastauth_kit.features.audit import Audit, AuditEventMixin
from fastauth_kit.features.cookies import Cookies
from fastauth_kit.features.email_change import EmailChange
from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.lockout import Lockout, LoginFailureMixin
from fastauth_kit.features.magic_links import MagicLinks
from fastauth_kit.features.mail import Mail, Mailer
from fastauth_kit.features.one_time_tokens import OneTimeTokenMixin, OneTimeTokens
from fastauth_kit.features.password_reset import PasswordReset
from fastauth_kit.features.passwords import PasswordHasher, default_context
from fastauth_kit.features.signing_keys import SigningKeys
from fastauth_kit.features.throttling import Limit, Limits, Throttling

engine = make_engine()
maker = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """Tables beside those of the others."""


class User(UserMixin[int], Base):
    __tablename__ = "everything_users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "everything_sessions"
    __auth_user__ = User


class OneTimeToken(OneTimeTokenMixin[int], Base):
    __tablename__ = "everything_one_time_tokens"
    __auth_user__ = User


class LoginFailure(LoginFailureMixin[int], Base):
    __tablename__ = "everything_login_failures"
    __auth_user__ = User


class AuditEvent(AuditEventMixin, Base):
    __tablename__ = "everything_audit_events"


class NoMailer(Mailer):
    """Sends nothing, and takes no time: that is how an answer would be told apart."""

    async def send(self, message: EmailMessage) -> None:
        """Drop it."""


async def get_db() -> AsyncIterator[AsyncSession]:
    async with maker() as session:
        yield session


def _hasher() -> PasswordHasher:
    options = {f"argon2__{name}": cost for name, cost in argon2_params().items()}
    return PasswordHasher(context=default_context(**options))


_ENOUGH = Limit(1_000_000, timedelta(seconds=1))
_LIMITS = Limits(per_address_and_network=(_ENOUGH,), per_address=(_ENOUGH,), per_network=(_ENOUGH,))

auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key=SECRET),
    features=(
        Accounts(),
        Passwords(hasher=_hasher()),
        Sessions(model=AuthSession),
        SigningKeys(),
        Throttling(
            login=_LIMITS,
            registration=_LIMITS,
            confirmation=Limits(per_user=(_ENOUGH,)),
            mail=_LIMITS,
            token=_LIMITS,
        ),
        Lockout(model=LoginFailure),
        Mail(
            mailer=NoMailer(),
            sender="Bench <no-reply@example.com>",
            public_url="https://example.com",
            product_name="Bench",
        ),
        OneTimeTokens(model=OneTimeToken),
        EmailVerification(),
        PasswordReset(),
        MagicLinks(),
        EmailChange(),
        Cookies(),
        Audit(model=AuditEvent),
    ),
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
app.include_router(get_auth_router(auth), prefix="/auth")
app.include_router(get_users_router(auth), prefix="/users")
