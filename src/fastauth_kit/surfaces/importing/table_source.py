"""A table of another database, read in the order of its key, page by page.

No transaction stays open meanwhile: the old app goes on.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import (
    URL,
    ColumnClause,
    Connection,
    Engine,
    RowMapping,
    TableClause,
    column,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    table,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from fastauth_kit.surfaces.importing.record import (
    MAX_COLUMNS,
    Record,
    SourceRefused,
    shown_name,
)

ResultT = TypeVar("ResultT")

PAGE: Final = 1000

_DRIVERS: Final = {
    "postgresql": {"psycopg": "psycopg", "asyncpg": "asyncpg", "psycopg2": "psycopg2"},
    "mysql": {"pymysql": "pymysql", "aiomysql": "aiomysql"},
    "mariadb": {"pymysql": "pymysql", "aiomysql": "aiomysql"},
    "sqlite": {"pysqlite": "sqlite3"},
}
"""Of each database, the drivers by name and the modules that they are in."""

_HERE: Final = (None, "", "localhost", "127.0.0.1", "::1")
_PORTS: Final = {"postgresql": 5432, "mysql": 3306}


def source_url(text: str) -> URL:
    """Return the address of a database, with a driver that is installed.

    Raises:
        SourceRefused: It is none, or no driver for it is there.
    """
    try:
        # the short name that hosting services hand out
        url = make_url(text.replace("postgres://", "postgresql://", 1))
        backend = url.get_backend_name()
        if "+" not in url.drivername:
            url = url.set(drivername=f"{backend}+{_installed_driver(backend)}")
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise SourceRefused("the address of the database is not one of SQLAlchemy's") from None
    if backend == "sqlite" and not Path(url.database or "").is_file():
        raise SourceRefused("there is no such SQLite file")
    return url


def _installed_driver(backend: str) -> str:
    drivers = _DRIVERS.get(backend, {})
    found = [driver for driver, module in drivers.items() if find_spec(module) is not None]
    if not found:
        raise SourceRefused(
            f"no driver for {backend} is installed; "
            "name one as in postgresql+asyncpg://, and install it"
        )
    return found[0]


def _shown(url: URL) -> str:
    """Return an address without what may be secret: options may hold a password, too."""
    return url.set(query={}).render_as_string(hide_password=True)


def same_place(left: URL, right: URL) -> bool:
    """Whether two addresses lead to one database, as far as they show it."""
    return _place(left) == _place(right)


def _place(url: URL) -> tuple[object, ...]:
    backend = url.get_backend_name().replace("mariadb", "mysql")
    if backend == "sqlite":
        return backend, Path(url.database or "").resolve()
    host = "localhost" if url.host in _HERE else url.host
    return backend, host, url.port or _PORTS.get(backend), url.database


@dataclass(frozen=True)
class TableSource:
    """Rows of a table.

    Args:
        url: Of ``source_url``.
        table: Its name, with a schema before a dot where it is in one.
    """

    url: URL = field(repr=False)
    table: str

    async def records(self) -> AsyncIterator[Record]:
        """Yield the rows, which are numbered in the order of their key.

        Raises:
            SourceRefused: The database or the table cannot be read.
        """
        connections = _Connections(self.url)
        try:
            described = await connections.run(self._described)
            number, page = 0, await connections.run(described.first_page)
            while page:
                for row in page:
                    number += 1
                    yield Record(number, {k: v for k, v in row.items() if v not in (None, "")})
                page = await connections.run(partial(described.page_after, page[-1][described.key]))
        except (SQLAlchemyError, OSError) as error:
            # only what kind it is: the text of an error may hold a password, or a row
            raise SourceRefused(
                f"{_shown(self.url)} cannot be read "
                f"({type(getattr(error, 'orig', None) or error).__name__})"
            ) from None
        finally:
            await connections.close()

    def _described(self, connection: Connection) -> "_Table":
        """Return the table, its columns without types: values come as the driver has them."""
        schema, _, name = self.table.rpartition(".")
        inspector = inspect(connection)
        try:
            columns = inspector.get_columns(name, schema=schema or None)
            keys = inspector.get_pk_constraint(name, schema=schema or None)["constrained_columns"]
        except NoSuchTableError:
            raise SourceRefused(f"there is no table {shown_name(self.table)}") from None
        if len(keys) != 1:
            raise SourceRefused("the table must have a primary key of one column")
        if len(columns) > MAX_COLUMNS:
            raise SourceRefused(f"the table has more than {MAX_COLUMNS} columns")
        names: list[ColumnClause[Any]] = [column(found["name"]) for found in columns]
        return _Table(table(name, *names, schema=schema or None), keys[0])


@dataclass(frozen=True)
class _Table:
    clause: TableClause
    key: str

    def first_page(self, connection: Connection) -> Sequence[RowMapping]:
        ordered = select(self.clause).order_by(self.clause.c[self.key]).limit(PAGE)
        return connection.execute(ordered).mappings().all()

    def page_after(self, last: Any, connection: Connection) -> Sequence[RowMapping]:
        key = self.clause.c[self.key]
        ordered = select(self.clause).where(key > last).order_by(key).limit(PAGE)
        return connection.execute(ordered).mappings().all()


class _Connections:
    """Runs steps on a database, whichever kind of driver speaks to it."""

    def __init__(self, url: URL) -> None:
        self._engine: Engine | AsyncEngine
        if url.get_dialect().is_async:
            self._engine = create_async_engine(url, hide_parameters=True)
        else:
            self._engine = create_engine(url, hide_parameters=True)
        if url.drivername == "sqlite+pysqlite":
            event.listen(self._engine, "connect", _take_any_bytes)

    async def run(self, step: Callable[[Connection], ResultT]) -> ResultT:
        if isinstance(self._engine, AsyncEngine):
            async with self._engine.connect() as connection:
                return await connection.run_sync(step)
        with self._engine.connect() as connection:
            return step(connection)

    async def close(self) -> None:
        if isinstance(self._engine, AsyncEngine):
            await self._engine.dispose()
        else:
            self._engine.dispose()


def _take_any_bytes(connection: Any, _: object) -> None:
    """Let bytes that are no UTF-8 through, to be refused by row: SQLite keeps whatever it got."""
    connection.text_factory = _any_text


def _any_text(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")
