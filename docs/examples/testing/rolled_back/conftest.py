"""One database for all tests; what each of them writes is rolled back."""

import os
from collections.abc import AsyncIterator, Iterator

import app as program
import pytest
from fastapi import FastAPI
from sqlalchemy import NullPool, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from fastauth_kit import AuthKit


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def auth() -> AuthKit[program.User]:
    return program.auth


# --8<-- [start:fixtures]
@pytest.fixture
async def connection(anyio_backend: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(os.environ["TEST_DATABASE_URL"], poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        begin_by_ourselves(engine)
    async with engine.connect() as connection:
        transaction = await connection.begin()
        yield connection
        await transaction.rollback()
    await engine.dispose()


@pytest.fixture
def app(connection: AsyncConnection) -> Iterator[FastAPI]:
    # a commit of the app, or of the kit, ends a savepoint and no more
    program.maker.configure(bind=connection, join_transaction_mode="create_savepoint")
    yield program.app
    program.maker.configure(bind=program.engine, join_transaction_mode="conditional_savepoint")


# --8<-- [end:fixtures]


# --8<-- [start:sqlite]
def begin_by_ourselves(engine: AsyncEngine) -> None:
    """SQLite's driver begins only before a write: a savepoint would be the transaction."""

    @event.listens_for(engine.sync_engine, "connect")
    def do_not_begin(connection: object, _: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # sqlite3's own

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN")  # type: ignore[attr-defined]  # untyped events


# --8<-- [end:sqlite]
