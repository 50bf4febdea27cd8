"""fastapi-users as its documentation sets it up, on the engine that ``bare`` uses.

``BENCH_STRATEGY`` chooses between its stateless tokens (``jwt``) and its tokens in
a table (``database``), which are the ones that can be revoked.
"""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.authentication.strategy.db import DatabaseStrategy
from fastapi_users.password import PasswordHelper
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users_db_sqlalchemy.access_token import (
    SQLAlchemyAccessTokenDatabase,
    SQLAlchemyBaseAccessTokenTable,
)
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.common import SECRET, argon2_params, make_engine

ACCESS_SECONDS = 3600

engine = make_engine()
maker = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """Tables beside those of the others."""


class User(SQLAlchemyBaseUserTableUUID, Base):
    __tablename__ = "fastapi_users_users"
    name: Mapped[str | None] = mapped_column(String(100))


class AccessToken(SQLAlchemyBaseAccessTokenTable[uuid.UUID], Base):
    __tablename__ = "fastapi_users_tokens"
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("fastapi_users_users.id", ondelete="cascade")
    )


class UserRead(schemas.BaseUser[uuid.UUID]):
    name: str | None


class UserCreate(schemas.BaseUserCreate):
    name: str | None = None


async def get_db() -> AsyncIterator[AsyncSession]:
    async with maker() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_db)]


async def get_user_db(session: Session) -> AsyncIterator[Any]:
    yield SQLAlchemyUserDatabase(session, User)


async def get_token_db(session: Session) -> AsyncIterator[Any]:
    yield SQLAlchemyAccessTokenDatabase(session, AccessToken)


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = SECRET
    verification_token_secret = SECRET


helper = PasswordHelper(PasswordHash((Argon2Hasher(**argon2_params()),)))


async def get_user_manager(database: Annotated[Any, Depends(get_user_db)]) -> AsyncIterator[Any]:
    yield UserManager(database, helper)


def get_jwt_strategy() -> JWTStrategy[User, uuid.UUID]:
    return JWTStrategy(SECRET, lifetime_seconds=ACCESS_SECONDS)


def get_database_strategy(database: Annotated[Any, Depends(get_token_db)]) -> Any:
    return DatabaseStrategy(database, lifetime_seconds=ACCESS_SECONDS)


STRATEGIES: dict[str, Any] = {"jwt": get_jwt_strategy, "database": get_database_strategy}

backend = AuthenticationBackend(
    name="bench",
    transport=BearerTransport(tokenUrl="auth/login"),
    get_strategy=STRATEGIES[os.environ["BENCH_STRATEGY"]],
)
users = FastAPIUsers[User, uuid.UUID](get_user_manager, [backend])


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
app.include_router(users.get_auth_router(backend), prefix="/auth")
app.include_router(users.get_register_router(UserRead, UserCreate), prefix="/auth")
app.include_router(users.get_users_router(UserRead, UserCreate), prefix="/users")
