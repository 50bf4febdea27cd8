"""Taking part in what the kit does."""

import logging
from collections import Counter
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
    on,
)
from fastauth_kit.core.guards import admit
from fastauth_kit.core.http import device_of
from fastauth_kit.features.accounts import UserCreated
from fastauth_kit.features.passwords import LoginFailed
from fastauth_kit.features.sessions import LoggedIn, SessionsRevoked

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
    user_id: Mapped[int | None] = mapped_column()
    ip: Mapped[str | None] = mapped_column(String(45))


# --8<-- [start:before]
async def make_profile(work: Work, event: UserCreated) -> None:
    """The profile is made with the account, or neither is."""
    await work.add(Profile(user_id=event.user_id))


# --8<-- [end:before]


# --8<-- [start:failed]
async def note_failure(work: Work, event: LoginFailed) -> None:
    """A refused login is rolled back first; what is written here is kept."""
    await work.add(FailedLogin(user_id=event.user_id, ip=event.device.ip))


# --8<-- [end:failed]


# --8<-- [start:after]
async def send_welcome(address: str) -> None:
    logger.info("a mail would go to %s", address)


async def welcome(event: UserCreated) -> None:
    """Sent once, and only if the account was committed."""
    await send_welcome(event.email)


# --8<-- [end:after]


# --8<-- [start:sink]
class SessionCount(EventSink):
    """Knows how many sessions this process has seen begin and end."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    async def receive(self, work: Work, event: Event) -> None:
        if isinstance(event, LoggedIn):
            work.after_commit(partial(self._count, "begun", 1))
        if isinstance(event, SessionsRevoked):
            work.after_commit(partial(self._count, "ended", event.count))

    async def _count(self, what: str, how_many: int) -> None:
        self.counts[what] += how_many


# --8<-- [end:sink]


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
        on(UserCreated, make_profile),
        on(LoginFailed, note_failure),
        on(UserCreated, welcome, after_commit=True),
        SessionCount(),
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
