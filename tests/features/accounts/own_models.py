"""A caller's own tables and bodies, with columns that must be filled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    SessionMixin,
    Sessions,
    UserCreate,
    UserMixin,
    UserRead,
    UserUpdate,
    get_auth_router,
    get_users_router,
)
from fastauth_kit.core.feature import Feature
from fastauth_kit.features.passwords import PasswordHasher
from tests.kit_app import SECRET, Clock, KitApp, cheap_context


class Base(DeclarativeBase):
    """Tables of this file alone."""


class Member(UserMixin[int], Base):
    """People with a nickname of their own, in a team."""

    __tablename__ = "own_members"
    id: Mapped[int] = mapped_column(primary_key=True)
    nickname: Mapped[str] = mapped_column(String(20), unique=True)
    team: Mapped[int]
    badges: Mapped[list["Badge"]] = relationship(cascade="all, delete-orphan")


class Badge(Base):
    """What the caller's application keeps of a member."""

    __tablename__ = "own_badges"
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("own_members.id"))
    label: Mapped[str] = mapped_column(String(20))


class MemberSession(SessionMixin[int], Base):
    __tablename__ = "own_sessions"
    __auth_user__ = Member


class MemberCreate(UserCreate):
    """Registration here."""

    nickname: str = Field(min_length=2, max_length=20)
    team: int = Field(ge=1, le=99)


class MemberUpdate(UserUpdate):
    """What members change of their own."""

    nickname: str | None = Field(default=None, max_length=20)


class BadgeRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    label: str


class MemberRead(UserRead[int]):
    """What is shown of a member."""

    nickname: str
    badges: list[BadgeRead]


OWN = Accounts(create_schema=MemberCreate, update_schema=MemberUpdate, read_schema=MemberRead)


async def no_session() -> Any:
    """Stand in where nothing is asked of a database."""


def features_of(accounts: Accounts) -> tuple[Feature, ...]:
    """Return what every installation over the members has."""
    return (
        accounts,
        Passwords(hasher=PasswordHasher(context=cheap_context())),
        Sessions(model=MemberSession),
    )


def build_auth(accounts: Accounts, **options: Any) -> AuthKit[Any]:
    """Build an installation over the members."""
    parts: dict[str, Any] = {
        "user_model": Member,
        "get_session": no_session,
        "settings": AuthSettings(secret_key=SECRET),
        "features": features_of(accounts),
        **options,
    }
    return AuthKit(**parts)


@asynccontextmanager
async def members(
    url: str, accounts: Accounts = OWN, more_features: tuple[Feature, ...] = ()
) -> AsyncIterator[KitApp]:
    """An installation over the members, with tables that are gone afterwards."""
    engine = create_async_engine(url)
    sessions = async_sessionmaker(engine)
    clock = Clock()

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    auth = build_auth(
        accounts,
        features=(*features_of(accounts), *more_features),
        get_session=get_session,
        clock=clock,
        user_load_options=[selectinload(Member.badges)],
    )
    app = FastAPI()
    app.include_router(get_auth_router(auth), prefix="/api/auth")
    app.include_router(get_users_router(auth), prefix="/api/users")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    yield KitApp(
        app, auth, engine, sessions, clock, Member, MemberSession, Badge, engine.sync_engine
    )
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await auth.aclose()
    await engine.dispose()
