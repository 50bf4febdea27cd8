"""The app of a caller, on a database that is named when it is built."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from sqlalchemy import String, event
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import QueuePool

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
from fastauth_kit.features.passwords import PasswordHasher, default_context

SECRET = "a secret for benchmarks, of 32 bytes and more"
PASSWORD = "correct horse battery"
DATABASE_VARIABLE = "SCALE_DATABASE_URL"
HASH_VARIABLE = "SCALE_HASH"
"""``default`` for the hash of a real installation."""

POOL_SIZE = 15


class Base(DeclarativeBase):
    """The caller's tables."""


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


def cheapest_hasher() -> PasswordHasher:
    """Return a hasher at the least cost, so that the rest of a login shows."""
    return PasswordHasher(context=default_context(argon2__memory_cost=8, argon2__time_cost=1))


@dataclass
class Installation:
    """An app and its parts; ``statements`` holds what was sent while it is a list."""

    app: FastAPI
    auth: AuthKit[User]
    engine: AsyncEngine
    maker: async_sessionmaker[AsyncSession]
    statements: list[tuple[str, Any]] | None = None


def build(url: str, hasher: PasswordHasher | None = None) -> Installation:
    """Build an app, with the cheapest hash unless told otherwise."""
    engine = create_async_engine(url, pool_size=POOL_SIZE, max_overflow=0)
    maker = async_sessionmaker(engine, expire_on_commit=False)

    async def get_db() -> AsyncIterator[AsyncSession]:
        async with maker() as session:
            yield session

    auth = AuthKit(
        user_model=User,
        get_session=get_db,
        settings=AuthSettings(secret_key=SECRET),
        features=(
            Accounts(),
            Passwords(hasher=hasher or cheapest_hasher()),
            Sessions(model=AuthSession),
        ),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)
    app.include_router(get_auth_router(auth), prefix="/auth")
    app.include_router(get_users_router(auth), prefix="/users")
    built = Installation(app, auth, engine, maker)
    _listen(built)
    _add_inside(built)
    return built


def _listen(built: Installation) -> None:
    @event.listens_for(built.engine.sync_engine, "before_cursor_execute")
    def note(*arguments: Any) -> None:
        if built.statements is not None:
            built.statements.append((arguments[2], arguments[3]))


def _add_inside(built: Installation) -> None:
    @built.app.get("/inside")
    async def inside() -> dict[str, int]:
        """What cannot be seen from outside the process."""
        pool = built.engine.pool
        checked_out = pool.checkedout() if isinstance(pool, QueuePool) else 0
        return {"checked_out": checked_out, "blocks": sys.getallocatedblocks()}


def serve() -> FastAPI:
    """Build the app for ``uvicorn --factory``."""
    default = os.environ.get(HASH_VARIABLE) == "default"
    return build(os.environ[DATABASE_VARIABLE], PasswordHasher() if default else None).app
