"""Registration that tells nobody who has an account already."""

from collections.abc import AsyncGenerator

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

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
from fastauth_kit.features.mail import ConsoleMailer, Mail
from fastauth_kit.features.one_time_tokens import OneTimeTokenMixin, OneTimeTokens
from fastauth_kit.features.password_reset import PasswordReset
from fastauth_kit.features.private_registration import (
    PendingRegistrationMixin,
    PrivateRegistration,
)
from fastauth_kit.features.throttling import Throttling

maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///app.db"))


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


class Base(DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


class OneTimeToken(OneTimeTokenMixin[int], Base):
    __tablename__ = "one_time_tokens"
    __auth_user__ = User


# --8<-- [start:table]
class PendingRegistration(PendingRegistrationMixin, Base):
    __tablename__ = "pending_registrations"


# --8<-- [end:table]


mail = Mail(
    mailer=ConsoleMailer(),
    sender="Example <no-reply@example.com>",
    public_url="https://example.com",
    product_name="Example",
)

# --8<-- [start:kit]
auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(
        Accounts(),
        Passwords(),
        Sessions(model=AuthSession),
        OneTimeTokens(model=OneTimeToken),
        mail,
        PasswordReset(),
        PrivateRegistration(model=PendingRegistration),
        Throttling(),
    ),
)
# --8<-- [end:kit]


# --8<-- [start:prune]
async def prune() -> None:
    registration = auth.feature(PrivateRegistration)
    while await auth.run(maker, registration.prune):
        pass


# --8<-- [end:prune]

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
