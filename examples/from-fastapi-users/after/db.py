import os
from collections.abc import AsyncGenerator
from uuid import UUID, uuid4

from sqlalchemy import CHAR, Uuid
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from fastauth_kit import SessionMixin, UserMixin

engine = create_async_engine(os.environ["DATABASE_URL"])
async_session_maker = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class DashedUuid(TypeDecorator[UUID]):
    """UUIDs as fastapi-users keeps them: native on PostgreSQL, else CHAR(36)."""

    impl = CHAR(36)
    cache_ok = True
    python_type = UUID

    def load_dialect_impl(self, dialect):
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else CHAR(36))

    def process_bind_param(self, value, dialect):
        return value if value is None or dialect.name == "postgresql" else str(value)

    def process_result_value(self, value, dialect):
        return UUID(value) if isinstance(value, str) else value


class User(UserMixin[UUID], Base):
    __tablename__ = "user"
    id: Mapped[UUID] = mapped_column(DashedUuid, primary_key=True, default=uuid4)


class AuthSession(SessionMixin[UUID], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


async def get_async_session() -> AsyncGenerator[AsyncSession, None]:
    async with async_session_maker() as session:
        yield session
