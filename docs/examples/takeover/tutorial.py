"""A table that grew out of a tutorial, as the kit wants to see it."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from fastapi import FastAPI
from sqlalchemy import String, func
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
    UtcDateTime,
    get_auth_router,
    get_users_router,
)

maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///app.db"))


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


class Base(DeclarativeBase):
    pass


# --8<-- [start:models]
def now() -> datetime:
    return datetime.now(UTC)


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    full_name: Mapped[str | None] = mapped_column(String(100))
    # exists already, without a zone, and holds UTC
    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime(timezone=False), default=now, server_default=func.now()
    )


# --8<-- [end:models]


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)
app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
