"""A job for the night: delete sessions that ended long ago."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

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
)
from fastauth_kit.features.sessions import prune_batch, prune_sessions

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


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)


# --8<-- [start:job]
async def main() -> None:
    deleted = await prune_sessions(auth, maker)
    print(f"{deleted} sessions deleted")
    await auth.aclose()


if __name__ == "__main__":
    asyncio.run(main())
# --8<-- [end:job]


# --8<-- [start:gently]
async def prune_gently() -> int:
    return await prune_sessions(
        auth, maker, over_for=timedelta(days=7), batch=200, pause=timedelta(milliseconds=50)
    )


# --8<-- [end:gently]


# --8<-- [start:batch]
async def prune_for(seconds: float) -> None:
    """Stop when the time is up, wherever that is."""
    loop = asyncio.get_running_loop()
    deadline, after = loop.time() + seconds, None
    while loop.time() < deadline:
        async with maker() as session, auth.work_for(session) as work:
            pruned = await prune_batch(work, after=after)
        after = pruned.resume_after
        if after is None:
            break


# --8<-- [end:batch]
