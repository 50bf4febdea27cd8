"""Engines the kit is tested with, and why each option is there."""

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


# --8<-- [start:postgresql]
def postgresql(url: str) -> AsyncEngine:
    """``postgresql+asyncpg://user:password@host/name``."""
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=5,  # seconds; then 503 with Retry-After
        pool_pre_ping=True,  # replaces what died while idle
    )


# --8<-- [end:postgresql]


# --8<-- [start:mariadb]
def mariadb(url: str) -> AsyncEngine:
    """``mysql+aiomysql://user:password@host/name?charset=utf8mb4``."""
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=5,
        pool_pre_ping=True,
        pool_recycle=1800,  # seconds; below the server's wait_timeout
    )


# --8<-- [end:mariadb]


# --8<-- [start:sqlite]
def sqlite(url: str) -> AsyncEngine:
    """``sqlite+aiosqlite:///app.db``."""
    engine = create_async_engine(url)

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # no BEGIN of the driver's own
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA busy_timeout = 5000")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


# --8<-- [end:sqlite]
