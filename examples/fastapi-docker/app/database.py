"""The engine, the session dependency, and the base of every model."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from sqlalchemy import Dialect, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase

from app.config import get_settings
from fastauth_kit.core.errors import DatabaseUnavailable

CONNECT_SECONDS = 5


class Base(DeclarativeBase):
    """Base of every model."""


def make_engine(url: str, **options: Any) -> AsyncEngine:
    """Return an engine with what each database needs."""
    backend = make_url(url).get_backend_name()
    if backend != "sqlite":
        # a host that does not answer at all is given up
        limit = "timeout" if backend == "postgresql" else "connect_timeout"
        options.setdefault("connect_args", {limit: CONNECT_SECONDS})
    # pre-ping: a connection that died in the pool is replaced before it is used;
    # hide_parameters: hashes and addresses stay out of logs and tracebacks
    engine = create_async_engine(url, pool_pre_ping=True, hide_parameters=True, **options)
    event.listen(engine.sync_engine, "do_connect", _connect)
    if backend == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _connect(dialect: Dialect, _record: Any, arguments: Any, options: Any) -> Any:
    """Connect; asyncpg lets the operating system's errors through as they are."""
    try:
        return dialect.connect(*arguments, **options)
    except OSError as error:
        raise DatabaseUnavailable from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # off unless asked for, on every connection anew
    cursor.execute("PRAGMA foreign_keys = ON")
    # readers go on while one writes
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.close()


engine = make_engine(get_settings().DATABASE_URL, echo=get_settings().DEBUG)
AsyncSessionLocal = async_sessionmaker(engine, expire_on_commit=False)


async def get_db() -> AsyncGenerator[AsyncSession]:
    """Yield a session. Whoever writes commits: what is not committed is rolled back."""
    session = AsyncSessionLocal()
    try:
        yield session
    except BaseException:
        # closing is not enough: SQLite goes on with a transaction whose commit failed
        with suppress(DBAPIError, OSError):
            await session.rollback()
        raise
    finally:
        with suppress(DBAPIError, OSError):  # it died: the server rolls back by itself
            await session.close()
