"""What whoever runs the app may need at night: an alert, and the end of all sessions."""

import asyncio
import logging
from collections.abc import AsyncGenerator

from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Event,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    Work,
    get_auth_router,
    get_users_router,
    on,
)
from fastauth_kit.features.accounts import UserPromoted
from fastauth_kit.features.sessions import RefreshTokenReused, RevokedReason

logger = logging.getLogger("alerts")
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


# --8<-- [start:alert]
async def alert(event: Event) -> None:
    logger.critical("somebody should look at this: %s", type(event).__name__)


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
    hooks=(
        on(RefreshTokenReused, alert, after_commit=True),
        on(UserPromoted, alert, after_commit=True),
    ),
)
# --8<-- [end:alert]

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])


# --8<-- [start:everybody]
async def end_all_sessions(work: Work) -> None:
    ended = {"revoked_at": work.now, "revoked_reason": RevokedReason.REVOKED.value}
    await work.execute(update(AuthSession).where(AuthSession.revoked_at.is_(None)).values(ended))


async def main() -> None:
    await auth.run(maker, end_all_sessions)
    await auth.aclose()


if __name__ == "__main__":
    asyncio.run(main())
# --8<-- [end:everybody]
