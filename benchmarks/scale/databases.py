"""A PostgreSQL database of our own, which is dropped whatever happens."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

DEFAULT_SERVER = "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres"


def server_url() -> str:
    """Return where PostgreSQL is: ``TEST_POSTGRES_URL``, or this machine."""
    url = make_url(os.environ.get("TEST_POSTGRES_URL") or DEFAULT_SERVER)
    return url.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


@asynccontextmanager
async def new_database(server: str) -> AsyncIterator[str]:
    """Create a database, and give its URL."""
    name = f"fastauth_bench_{secrets.token_hex(6)}"
    await run_outside_of_a_transaction(server, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        await run_outside_of_a_transaction(server, f"DROP DATABASE {name} WITH (FORCE)")


async def run_outside_of_a_transaction(url: str, *statements: str) -> None:
    """Run what PostgreSQL refuses inside a transaction."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)
    finally:
        await engine.dispose()
