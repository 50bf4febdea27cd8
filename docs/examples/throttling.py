"""Limits on what can be guessed, counted in Redis, and a lock for accounts."""

import os
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Event,
    EventSink,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    Work,
    get_auth_router,
    get_users_router,
)
from fastauth_kit.features.lockout import AccountLocked, Lockout, LoginFailureMixin
from fastauth_kit.features.throttling import Limit, Limits, Throttling
from fastauth_kit.features.throttling.redis_store import RedisStore

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


# --8<-- [start:failures]
class LoginFailure(LoginFailureMixin[int], Base):
    __tablename__ = "login_failures"
    __auth_user__ = User


# --8<-- [end:failures]


async def warn(user_id: Any) -> None:
    """Write to the owner, by whatever means there are."""


# --8<-- [start:locked]
class WarnOwner(EventSink):
    """Tells the owner that the account takes no password any more."""

    async def receive(self, work: Work, event: Event) -> None:
        if isinstance(event, AccountLocked):
            work.after_commit(lambda: warn(event.user_id))


# --8<-- [end:locked]


# --8<-- [start:kit]
auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key=os.environ["SECRET_KEY"], trusted_proxies=["10.0.0.0/8"]),
    features=(
        Accounts(),
        Passwords(),
        Sessions(model=AuthSession),
        Throttling(store=RedisStore(os.environ["REDIS_URL"])),
        Lockout(model=LoginFailure),
    ),
    hooks=(WarnOwner(),),
)
# --8<-- [end:kit]

# --8<-- [start:limits]
stricter = Throttling(
    login=Limits(
        per_address_and_network=(
            Limit(3, timedelta(minutes=1)),
            Limit(20, timedelta(days=1)),
        ),
        per_network=(Limit(50, timedelta(hours=1)),),
    ),
)
# --8<-- [end:limits]

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth")
app.include_router(get_users_router(auth), prefix="/api/users")
