"""Taking part in what the kit does."""

import logging
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from sqlalchemy import ForeignKey, String, delete
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    AccountRemover,
    Accounts,
    Attempt,
    AttemptKind,
    AuthError,
    AuthKit,
    AuthSettings,
    Event,
    EventSink,
    LoginCondition,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    Work,
    get_auth_router,
    get_users_router,
)
from fastauth_kit.core.guards import admit
from fastauth_kit.core.http import device_of
from fastauth_kit.features.accounts import UserCreated
from fastauth_kit.features.passwords import LoginFailed

logger = logging.getLogger(__name__)
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


class Profile(Base):
    __tablename__ = "profiles"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    bio: Mapped[str] = mapped_column(String(500), default="")


class FailedLogin(Base):
    __tablename__ = "failed_logins"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320))
    ip: Mapped[str | None] = mapped_column(String(45))


# --8<-- [start:sink]
class ProfileWithAccount(EventSink):
    """The profile is made with the account, or neither is."""

    async def receive(self, work: Work, event: Event) -> None:
        if isinstance(event, UserCreated):
            await work.add(Profile(user_id=event.user.id))


# --8<-- [end:sink]


# --8<-- [start:failed]
class FailedLoginLog(EventSink):
    """A refused login is rolled back first; what is written here is kept."""

    async def receive(self, work: Work, event: Event) -> None:
        if isinstance(event, LoginFailed):
            ip = event.device.ip
            await work.add(FailedLogin(email=event.email[:320], ip=ip))


# --8<-- [end:failed]


# --8<-- [start:after]
async def send_welcome(address: str) -> None:
    logger.info("a mail would go to %s", address)


class WelcomeMail(EventSink):
    """Sent once, and only if the account was committed."""

    async def receive(self, work: Work, event: Event) -> None:
        if isinstance(event, UserCreated):
            work.after_commit(partial(send_welcome, event.user.email))


# --8<-- [end:after]


# --8<-- [start:condition]
class EmailNotVerified(AuthError):
    """Sign in only after the address is proven."""

    code = "email_not_verified"
    status = 403
    detail = "Verify your e-mail address first."


class VerifiedOnly(LoginCondition):
    async def check_login(self, work: Work, user: UserMixin[Any]) -> None:
        if not user.is_verified:
            raise EmailNotVerified


# --8<-- [end:condition]


# --8<-- [start:remover]
class ProfileRemover(AccountRemover):
    async def before_removal(self, work: Work, user: UserMixin[Any]) -> None:
        await work.execute(delete(Profile).where(Profile.user_id == user.id))


# --8<-- [end:remover]


# --8<-- [start:kit]
auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
    hooks=(
        ProfileWithAccount(),
        FailedLoginLog(),
        WelcomeMail(),
        VerifiedOnly(),
        ProfileRemover(),
    ),
)
# --8<-- [end:kit]

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])


# --8<-- [start:admit]
@app.post("/api/invitations", status_code=202)
async def invite(email: str, request: Request) -> None:
    """Write to an address that somebody typed, but not without end."""
    device = device_of(request, auth.settings)
    await admit(auth, Attempt(AttemptKind.MAIL, "invite", device, address=email))
    await send_welcome(email)


# --8<-- [end:admit]
