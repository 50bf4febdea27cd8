"""How Alembic reaches the database: through the app's own settings and engine."""

import asyncio
import time
from logging.config import fileConfig
from typing import Any

import app.models  # noqa: F401  # fills the metadata
from alembic import context
from app.config import get_settings
from app.database import Base, make_engine
from sqlalchemy import Connection, make_url, text
from sqlalchemy.pool import NullPool

from fastauth_kit.migrations import render_item

LOCK_SECONDS = 60
"""How long to wait for others that migrate. Raise it for tables that take longer."""


def configure(dialect_name: str, **target: Any) -> None:
    """Say what to compare, and how to write it down."""
    context.configure(
        target_metadata=Base.metadata,
        render_item=render_item,
        # SQLite cannot alter columns: Alembic makes a new table and copies the rows
        render_as_batch=True,
        # SQLite's DDL is transactional: migrations happen as a whole or not at all
        transactional_ddl=True if dialect_name == "sqlite" else None,
        **target,
    )


def run_migrations_offline() -> None:
    """Print SQL instead of running it: ``alembic upgrade head --sql``.

    No server is asked what it is: say ``mariadb+aiomysql://`` for MariaDB, whose UUIDs
    are not those of ``mysql+aiomysql://``.
    """
    url = make_url(get_settings().DATABASE_URL)
    configure(url.get_backend_name(), url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations(connection: Connection) -> None:
    """Migrate while nobody else does."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # "DROP TABLE users", when a changed copy takes its place, would delete the posts of
        # everybody; the pragma does nothing inside a transaction
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}")
        connection.commit()
    configure(connection.dialect.name, connection=connection)
    with context.begin_transaction():
        LOCKS[connection.dialect.name](connection)
        context.run_migrations()
        if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RuntimeError("a migration left rows that refer to nothing; nothing was changed")


def lock_postgresql(connection: Connection) -> None:
    """Take a lock that the transaction's end releases, also behind pgbouncer.

    It asks again and again: whoever waits inside the database has a snapshot, which
    ``CREATE INDEX CONCURRENTLY`` would wait for. A migration that needs
    ``autocommit_block()`` gives the lock up: run it once, before the app starts.
    """
    ask = text("SELECT pg_try_advisory_xact_lock(:app)")
    deadline = time.monotonic() + LOCK_SECONDS
    # any number will do, and it counts within this database alone
    while not connection.scalar(ask, {"app": 20261123}):
        if time.monotonic() > deadline:
            raise TimeoutError(f"another migration has been running for {LOCK_SECONDS} s")
        time.sleep(0.2)


def lock_mariadb(connection: Connection) -> None:
    """Take a lock that the connection's end releases: DDL commits, and would end others."""
    # the names of locks are those of the whole server
    ask = text("SELECT GET_LOCK(SHA1(CONCAT('migrations of ', DATABASE())), :seconds)")
    if connection.scalar(ask, {"seconds": LOCK_SECONDS}) != 1:
        raise TimeoutError(f"another migration has been running for {LOCK_SECONDS} s")


def lock_sqlite(connection: Connection) -> None:
    """Take the one lock for writing that there is, for as long as ``busy_timeout`` allows."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


LOCKS = {
    "postgresql": lock_postgresql,
    "mysql": lock_mariadb,
    "mariadb": lock_mariadb,
    "sqlite": lock_sqlite,
}


async def run_migrations_online() -> None:
    """Migrate over a connection of our own."""
    engine = make_engine(get_settings().DATABASE_URL, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run_migrations)
    await engine.dispose()


# "quiet": the app, which has logging of its own, migrates at its start
if context.config.config_file_name is not None and not context.config.attributes.get("quiet"):
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

if context.is_offline_mode():
    run_migrations_offline()
else:
    asyncio.run(run_migrations_online())
