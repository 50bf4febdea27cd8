"""Ask a server something, from code that is not async."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import redis
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.servers.kinds import PRODUCTS, ServerKind

CONNECT_SECONDS: Final = 5

T = TypeVar("T")


class NotReady(Exception):
    """The server did not answer a query; the text says why."""


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own.

    The caller's thread may have an event loop (pytest-asyncio keeps one for
    the session), which ``asyncio.run`` would refuse or take away.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def execute(url: str, *statements: str) -> Sequence[Any]:
    """Run statements outside of a transaction; the last one's first column."""
    return run_blocking(_execute(url, statements))


async def _execute(url: str, statements: Sequence[str]) -> Sequence[Any]:
    waiting = "connect_timeout" if url.startswith("mysql") else "timeout"
    engine = create_async_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={waiting: CONNECT_SECONDS},
    )
    values: Sequence[Any] = ()
    try:
        async with engine.connect() as connection:
            for statement in statements:
                result = await connection.exec_driver_sql(statement)
                values = [row[0] for row in result] if result.returns_rows else ()
    finally:
        await engine.dispose()
    return values


def product_and_version(kind: ServerKind, url: str) -> str:
    """Name what answers there, by a real query.

    Raises:
        NotReady: Nothing usable answers.
    """
    try:
        return _redis_version(url) if kind == "redis" else _database_version(kind, url)
    except Exception as reason:  # whatever the driver says: the server is of no use
        text = str(reason).strip().partition("\n")[0]
        raise NotReady(text or type(reason).__name__) from reason


def _database_version(kind: ServerKind, url: str) -> str:
    if kind == "postgresql":
        (version,) = execute(url, "select 1", "show server_version")
        return f"PostgreSQL {version.split()[0]}"
    (version,) = execute(url, "select 1", "select version()")
    number, _, rest = str(version).partition("-")
    if "mariadb" not in rest.lower():
        raise NotReady(f"this is not {PRODUCTS[kind]}: {version}")
    return f"MariaDB {number}"


def _redis_version(url: str) -> str:
    with redis.Redis.from_url(
        url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS
    ) as client:
        client.ping()
        facts: dict[str, Any] = client.info("server")
    if "valkey_version" in facts:
        return f"Valkey {facts['valkey_version']}"
    return f"Redis {facts['redis_version']}"
