"""What the fixtures of fastauth-kit need: ``app``, ``auth``, and a database for each test."""

# --8<-- [start:fixtures]
from collections.abc import Iterator
from pathlib import Path

import app as program
import pytest
from fastapi import FastAPI
from sqlalchemy import NullPool, create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from fastauth_kit import AuthKit


@pytest.fixture
def auth() -> AuthKit[program.User]:
    return program.auth


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    tables = create_engine(f"sqlite:///{tmp_path}/test.db")
    program.Base.metadata.create_all(tables)
    tables.dispose()
    # NullPool: a connection belongs to the event loop of one test
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/test.db", poolclass=NullPool)
    program.maker.configure(bind=engine)
    yield program.app
    program.maker.configure(bind=program.engine)


# --8<-- [end:fixtures]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
