"""The caller's session behind one method, and what its failures mean."""

import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransactionOrigin

from fastauth_kit.core.errors import ConfigurationError, DatabaseUnavailable
from fastauth_kit.core.threads import run_in_thread

ResultT = TypeVar("ResultT")

_RETRYABLE_STATES = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL: serialization failure, deadlock, lock not available."""

_RETRYABLE_NUMBERS = frozenset({1213, 1205, 1020})
"""MariaDB: deadlock, lock wait timeout, row changed since the snapshot."""

_NO_SUCH_SAVEPOINT = 1305
"""MariaDB: the savepoint, or function, does not exist."""

_UNAVAILABLE_STATES = ("08", "53", "57", "58", "25006")
"""PostgreSQL: connection, resources, shutdown or cancelled, system error, read-only standby."""

_UNAVAILABLE_NUMBERS = frozenset({0, 1040, 1053, 1203, 1290, 1927, 2002, 2003, 2006, 2013, 2055})
"""MariaDB: too many connections, shutdown, read-only, connection killed, lost or refused."""

_SQLITE_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_UNAVAILABLE = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
)

_DATA_ERROR_STATES = "22"
"""PostgreSQL: a value out of range, too long or malformed; asyncpg has no class for them."""

_DATA_ERROR_NUMBERS = frozenset({1264, 1366, 1406})
"""MariaDB: out of range, incorrect value, data too long."""

_SQLITE_TOO_LARGE = "too large to convert to SQLite INTEGER"
"""Of the OverflowError that sqlite3 raises, which is none of its own errors."""


class Database:
    """Runs steps against the caller's session, asynchronous or not.

    A step is a plain function of a synchronous ``Session``; several
    statements in one step cost one switch. Everything the kit does to a
    database goes through ``run``.

    Args:
        session: An ``AsyncSession``, or a ``Session``, whose steps run in
            worker threads.
    """

    def __init__(self, session: AsyncSession | Session) -> None:
        self._asynchronous = session if isinstance(session, AsyncSession) else None
        found = session if self._asynchronous is None else self._asynchronous.sync_session
        if not isinstance(found, Session):
            raise ConfigurationError(
                "get_session must yield an AsyncSession or a Session, "
                f"it yielded {type(session).__name__}"
            )
        self._session = found
        self.in_place = False
        """Run the steps of a ``Session`` right here: nobody else is on this event loop."""

    @property
    def session(self) -> Session:
        """The synchronous session, for looking at its state only."""
        return self._session

    @property
    def is_asynchronous(self) -> bool:
        """Whether the caller's session is an ``AsyncSession``."""
        return self._asynchronous is not None

    async def run(self, step: Callable[[Session], ResultT]) -> ResultT:
        """Run one step and return what it returns.

        Raises:
            DatabaseUnavailable: No connection could be made; some drivers let
                the operating system's error through as it is.
        """
        try:
            if self._asynchronous is not None:
                return await self._asynchronous.run_sync(step)
            if self.in_place:
                return step(self._session)
            return await run_in_thread(self._session, step)
        except OSError as error:
            raise DatabaseUnavailable from error

    @property
    def in_callers_transaction(self) -> bool:
        """Whether the caller opened the transaction with ``begin()``."""
        transaction = self.session.get_transaction()
        if transaction is None:
            return False
        nested = self.session.in_nested_transaction()
        return nested or transaction.origin is SessionTransactionOrigin.BEGIN


@asynccontextmanager
async def opened(session: AsyncSession | Session) -> AsyncGenerator[Database]:
    """Close a session afterwards, where its steps run."""
    database = Database(session)
    if isinstance(session, AsyncSession):
        async with session:
            yield database
    else:
        try:
            yield database
        finally:
            await database.run(Session.close)


async def run_or_refuse(database: Database, step: Callable[[Session], ResultT]) -> ResultT:
    """Run a step in a caller's route, where nobody else maps the failures.

    Raises:
        DatabaseUnavailable: The database is away, or wants to be asked again.
    """
    try:
        return await database.run(step)
    except Exception as error:
        if is_unavailable(error):
            raise DatabaseUnavailable from error
        if is_retryable(error):
            await database.run(Session.rollback)
            raise DatabaseUnavailable from error
        raise


def is_retryable(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when tried again.

    Deadlocks and serialization failures are ordinary under load; a connection
    that was found dead is replaced by the pool.
    """
    return any(_is_contention(link) or _is_dead_connection(link) for link in _causes(error))


def is_unavailable(error: BaseException) -> bool:
    """Whether the database could not be reached or could not take the work."""
    return any(_is_outage(link) for link in _causes(error))


def is_data_error(error: BaseException) -> bool:
    """Whether a value did not fit its column."""
    return any(
        isinstance(link, DataError)
        or _state(link).startswith(_DATA_ERROR_STATES)
        or _number(link) in _DATA_ERROR_NUMBERS
        or (isinstance(link, OverflowError) and _SQLITE_TOO_LARGE in str(link))
        for link in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, the driver's error in it, and what they came from."""
    while error is not None:
        yield error
        if isinstance(error, DBAPIError) and error.orig is not None:
            yield error.orig
        error = error.__cause__


def _is_contention(error: BaseException) -> bool:
    return (
        _state(error) in _RETRYABLE_STATES
        or _number(error) in _RETRYABLE_NUMBERS
        or _savepoint_is_gone(error)
        or _sqlite_code(error) in _SQLITE_LOCKED
    )


def _savepoint_is_gone(error: BaseException) -> bool:
    """Whether MariaDB ended a transaction whose savepoint we went back to.

    A deadlock takes the savepoints with it, and going back to one of them then
    fails in the deadlock's place. (Missing functions have the same number.)
    """
    return _number(error) == _NO_SUCH_SAVEPOINT and "SAVEPOINT" in str(error)


def _is_dead_connection(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _is_outage(error: BaseException) -> bool:
    return (
        isinstance(error, PoolTimeout | DatabaseUnavailable)
        or _is_dead_connection(error)
        or _is_unexplained(error)
        or _state(error).startswith(_UNAVAILABLE_STATES)
        or _number(error) in _UNAVAILABLE_NUMBERS
        or _sqlite_code(error) in _SQLITE_UNAVAILABLE
    )


def _is_unexplained(error: BaseException) -> bool:
    """Whether a driver failed without any code: it never reached a server."""
    if not isinstance(error, OperationalError):
        return False
    cause = error.orig
    return not _state(cause) and _number(cause) is None and _sqlite_code(cause) is None


def _state(error: BaseException | None) -> str:
    """Return the SQLSTATE that asyncpg and psycopg put on their errors, psycopg2 elsewhere."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return state if isinstance(state, str) else ""


def _number(error: BaseException | None) -> int | None:
    """Return the error number that MariaDB's drivers put first."""
    module = type(error).__module__
    if module.startswith(("pymysql", "aiomysql", "asyncmy", "MySQLdb", "mariadb")):
        arguments: tuple[Any, ...] = error.args if error is not None else ()
        if arguments and isinstance(arguments[0], int):
            return arguments[0]
    return None


def _sqlite_code(error: BaseException | None) -> int | None:
    """Return SQLite's primary result code; the extended one has it in its low byte."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None
