"""Which servers this run uses, and the databases on them."""

import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

from tests.servers.kinds import PRODUCTS, DatabaseKind, ServerKind
from tests.servers.queries import execute

NAME_PREFIX: Final = "fastauth_test"
STALE_SECONDS: Final = 24 * 60 * 60

_EXISTING: Final[dict[ServerKind, str]] = {
    "postgresql": "select datname from pg_database",
    "mariadb": "select schema_name from information_schema.schemata",
}
_CREATE: Final[dict[ServerKind, str]] = {
    # template0: template1 may hold objects of the machine's owner
    "postgresql": "create database {} template template0 encoding 'UTF8'",
    "mariadb": "create database {} character set utf8mb4",
}
_DROP: Final[dict[ServerKind, str]] = {
    "postgresql": "drop database {} with (force)",
    "mariadb": "drop database {}",
}


class MissingServer(Exception):
    """A server was neither found nor could it be brought."""

    def __init__(self, kind: ServerKind, reason: str) -> None:
        super().__init__(f"{PRODUCTS[kind]} not found: {reason}")


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server that answered a query.

    Args:
        url: SQLAlchemy URL of a database to administer it from, or Redis URL.
        product: Name and version, as in ``PostgreSQL 15.14``.
        origin: Where it is and how it came, as in ``at 127.0.0.1:5432 (found)``.
    """

    url: str
    product: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class Servers:
    """What the run found or brought.

    Args:
        available: The servers that answered.
        missing: Why the others are missing.
        sqlite_directory: Where ``sqlalchemy_url`` puts SQLite's files.
    """

    available: Mapping[ServerKind, Server]
    missing: Mapping[ServerKind, str] = field(default_factory=dict)
    sqlite_directory: Path = Path()

    def to_json(self) -> str:
        """Text for a worker process; without SQLite's directory, it has its own."""
        found = {kind: asdict(server) for kind, server in self.available.items()}
        return json.dumps({"available": found, "missing": dict(self.missing)})

    @classmethod
    def from_json(cls, text: str) -> "Servers":
        facts = json.loads(text)
        found = {kind: Server(**server) for kind, server in facts["available"].items()}
        return cls(available=found, missing=facts["missing"])

    def server(self, kind: ServerKind) -> Server:
        """Return the server.

        Raises:
            MissingServer: There is none.
        """
        if kind not in self.available:
            raise MissingServer(kind, self.missing.get(kind, "not looked for"))
        return self.available[kind]

    def redis_url(self) -> str:
        """Return the address of Redis (or Valkey), with password and number."""
        return self.server("redis").url

    def sqlalchemy_url(self, kind: DatabaseKind, name: str) -> str:
        """Return the URL of a database, with its async driver and password."""
        if kind == "sqlite":
            return sqlite_url(self.sqlite_directory / f"{name}.db")
        url = make_url(self.server(kind).url).set(database=name)
        return url.render_as_string(hide_password=False)

    def create_database(self, kind: DatabaseKind, *, worker: str = "main") -> str:
        """Create an empty database nobody else uses, and return its name.

        The name carries the time of creation, so that a later run can drop it
        if this one is killed. SQLite creates its file at the first connection.
        """
        name = f"{NAME_PREFIX}_{int(time.time())}_{worker}_{secrets.token_hex(4)}"
        if kind != "sqlite":
            execute(self.server(kind).url, _CREATE[kind].format(name))
        return name

    def drop_database(self, kind: DatabaseKind, name: str) -> None:
        """Drop a database that ``create_database`` made, whoever is connected."""
        if created_at(name) is None:
            raise ValueError(f"{name!r} is not a database of these tests")
        if kind == "sqlite":
            for suffix in ("", "-journal", "-wal", "-shm"):
                (self.sqlite_directory / f"{name}.db{suffix}").unlink(missing_ok=True)
            return
        patience = ["set lock_wait_timeout = 20"] if kind == "mariadb" else []
        execute(self.server(kind).url, *patience, _DROP[kind].format(name))

    def databases(self, kind: ServerKind) -> list[str]:
        """Name the databases of these tests, of all runs, that are on a server."""
        names = execute(self.server(kind).url, _EXISTING[kind])
        return [name for name in names if created_at(name) is not None]

    def drop_stale_databases(self) -> None:
        """Drop what runs that were killed more than a day ago left behind."""
        for kind in _EXISTING.keys() & self.available.keys():
            for name in self.databases(kind):
                if time.time() - (created_at(name) or 0) > STALE_SECONDS:
                    # another run may be faster
                    with suppress(DBAPIError):
                        execute(self.available[kind].url, _DROP[kind].format(name))


def created_at(name: str) -> int | None:
    """Seconds since the Unix epoch; ``None`` if the database is not ours."""
    prefix, _, rest = name.partition(f"{NAME_PREFIX}_")
    seconds = rest.split("_")[0]
    if (
        prefix
        or not seconds.isdecimal()
        or not rest.isascii()
        or not rest.replace("_", "").isalnum()
    ):
        return None
    return int(seconds)


def sqlite_url(path: Path) -> str:
    return URL.create("sqlite+aiosqlite", database=str(path)).render_as_string()
