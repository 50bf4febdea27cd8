"""The engine, the session dependency, and the base of every model."""

from collections.abc import AsyncGenerator
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase

from app.config import get_settings


class Base(DeclarativeBase):
    """Base of every model."""


def make_engine(url: str, *, echo: bool = False) -> AsyncEngine:
    """Return an engine with what each database needs."""
    # pre-ping: a connection that died in the pool is replaced before it is used;
    # hide_parameters: hashes and addresses stay out of logs and tracebacks
    engine = create_async_engine(url, echo=echo, pool_pre_ping=True, hide_parameters=True)
    if make_url(url).get_backend_name() == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


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
    """Yield a session. Whoever writes commits, before the answer leaves."""
    async with AsyncSessionLocal() as session:
        yield session
