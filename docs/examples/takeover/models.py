"""A table that fastapi-users made, as the kit wants to see it."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from sqlalchemy import CHAR, Dialect, TypeDecorator, Uuid
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

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

maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///app.db"))


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


class Base(DeclarativeBase):
    pass


# --8<-- [start:guid]
class DashedUuid(TypeDecorator[UUID]):
    """UUIDs as fastapi-users keeps them: native on PostgreSQL, else CHAR(36)."""

    impl = CHAR(36)
    cache_ok = True

    @property
    def python_type(self) -> type[UUID]:
        return UUID

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Uuid())
        return dialect.type_descriptor(CHAR(36))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> UUID | str | None:
        if value is None or dialect.name == "postgresql":
            return value
        return str(value)

    def process_result_value(self, value: UUID | str | None, dialect: Dialect) -> UUID | None:
        return UUID(value) if isinstance(value, str) else value


# --8<-- [end:guid]


# --8<-- [start:models]
class User(UserMixin[UUID], Base):
    __tablename__ = "user"
    id: Mapped[UUID] = mapped_column(DashedUuid, primary_key=True, default=uuid4)


class AuthSession(SessionMixin[UUID], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


# --8<-- [end:models]

auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)
app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/users", tags=["users"])
