"""The databases of a run: a SQLite file, and a database of its own on PostgreSQL."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.servers.detect import detect
from tests.servers.kinds import DatabaseKind

DATABASES: Final[tuple[DatabaseKind, ...]] = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Database:
    """An empty database.

    Args:
        name: For the table.
        product: With its version, and where it is.
    """

    name: DatabaseKind
    url: str
    product: str


@contextmanager
def databases(
    wanted: tuple[DatabaseKind, ...], say: Callable[[str], None]
) -> Iterator[list[Database]]:
    """Make the databases, and drop them in the end.

    PostgreSQL is found as the tests find it: at ``BENCH_POSTGRES_URL`` or
    ``TEST_POSTGRES_URL``, else on the standard local port, else started from
    installed programs or from a wheel. The user may create databases.
    """
    with tempfile.TemporaryDirectory(prefix="fastauth-bench-") as folder:
        made = []
        if "sqlite" in wanted:
            url = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
            made.append(Database("sqlite", url, f"SQLite {sqlite3.sqlite_version}"))
        if "postgresql" not in wanted:
            yield made
            return
        with _postgresql(say) as found:
            yield [*made, *found]


@contextmanager
def _postgresql(say: Callable[[str], None]) -> Iterator[list[Database]]:
    environment = dict(os.environ)
    if named := environment.get("BENCH_POSTGRES_URL"):
        environment["TEST_POSTGRES_URL"] = named
    # they are of no use here: do not insist on addresses that do not answer
    environment.pop("TEST_MARIADB_URL", None)
    environment.pop("TEST_REDIS_URL", None)
    detection = detect(environment)
    try:
        servers = detection.servers
        if "postgresql" not in servers.available:
            say(f"PostgreSQL is left out: {servers.missing['postgresql']}")
            yield []
            return
        server = servers.server("postgresql")
        name = servers.create_database("postgresql", worker="bench")
        try:
            url = servers.sqlalchemy_url("postgresql", name)
            yield [Database("postgresql", url, f"{server.product} {server.origin}")]
        finally:
            servers.drop_database("postgresql", name)
    finally:
        detection.stop()
