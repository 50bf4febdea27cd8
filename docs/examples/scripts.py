"""The same operations without HTTP: scripts, jobs, and your own routes."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, String
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
    Work,
    get_auth_router,
)
from fastauth_kit.features.sessions import RevokedReason

maker = async_sessionmaker(
    create_async_engine("sqlite+aiosqlite:///app.db"), expire_on_commit=False
)


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


class Shop(Base):
    __tablename__ = "shops"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(100), unique=True)


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)
app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])


# --8<-- [start:create]
async def make_superuser(email: str, password: str) -> None:
    async with maker() as session, auth.work_for(session) as work:
        await auth.feature(Accounts).create(
            work, email=email, password=password, is_superuser=True, is_verified=True
        )


# --8<-- [end:create]


# --8<-- [start:find]
async def lock_out(email: str) -> None:
    async with maker() as session, auth.work_for(session) as work:
        user = await auth.find_user(work, email)
        if user is not None:
            await auth.feature(Accounts).update(work, user.id, {"is_active": False})


async def sign_out_everywhere(email: str) -> int:
    async with maker() as session, auth.work_for(session) as work:
        user = await auth.find_user(work, email)
        if user is None:
            return 0
        sessions = auth.feature(Sessions)
        return await sessions.revoke_all(work, user.id, RevokedReason.REVOKED)


# --8<-- [end:find]


# --8<-- [start:run]
async def promote(work: Work, email: str) -> bool:
    user = await auth.find_user(work, email)
    if user is None:
        return False
    await auth.feature(Accounts).update(work, user.id, {"is_superuser": True})
    return True


async def promote_nightly(emails: list[str]) -> int:
    results = [await auth.run(maker, partial(promote, email=email)) for email in emails]
    return sum(results)


# --8<-- [end:run]


# --8<-- [start:join]
async def open_shop(email: str, password: str, name: str) -> None:
    """One transaction: the account and the shop, or neither."""
    async with maker() as session, session.begin():
        async with auth.work_for(session) as work:
            user = await auth.feature(Accounts).create(work, email=email, password=password)
        session.add(Shop(owner_id=user.id, name=name))
    # committed here, by session.begin()


# --8<-- [end:join]


# --8<-- [start:route]
Db = Annotated[AsyncSession, Depends(get_db)]


@app.post("/shops", status_code=201)
async def create_shop(email: str, name: str, session: Db) -> int:
    async with auth.work_for(session) as work:
        user = await auth.feature(Accounts).create(work, email=email, password=None)
        shop = Shop(owner_id=user.id, name=name)
        session.add(shop)
    return shop.id  # committed: the end of "async with" did it


# --8<-- [end:route]


# --8<-- [start:main]
async def main() -> None:
    await make_superuser("admin@example.com", "a long and secret sentence")
    await auth.aclose()


if __name__ == "__main__":
    asyncio.run(main())
# --8<-- [end:main]
