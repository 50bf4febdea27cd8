"""Failures as the drivers raise them, so that what they mean is found out for real.

An error goes through the same place in SQLAlchemy's adapter as one that the
driver raises; a lost connection is really cut.
"""

import sqlite3
from collections.abc import Callable
from enum import Enum
from typing import Any, NoReturn

import asyncpg
import psycopg
import pymysql


class Failure(Enum):
    """What befalls a statement, a commit, a rollback, or the making of a connection."""

    RETRYABLE = "the database asks to try again"
    LOST = "the connection is lost"
    OUTAGE = "the server takes no work"
    FAULT = "something that nobody foresaw"


FAULT_TEXT = "no_such_column_of_ours"
"""In the message of a ``FAULT``; must not be seen in an answer."""


def _sqlite(code: int, name: str, text: str) -> sqlite3.Error:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    return error


ERRORS: dict[str, dict[Failure, Callable[[], Exception]]] = {
    "sqlite": {
        Failure.RETRYABLE: lambda: _sqlite(5, "SQLITE_BUSY", "database is locked"),
        # a file has no connection; its disk can fail
        Failure.LOST: lambda: _sqlite(10, "SQLITE_IOERR", "disk I/O error"),
        Failure.OUTAGE: lambda: _sqlite(13, "SQLITE_FULL", "database or disk is full"),
        Failure.FAULT: lambda: _sqlite(1, "SQLITE_ERROR", FAULT_TEXT),
    },
    "postgresql": {
        Failure.RETRYABLE: lambda: asyncpg.SerializationError("could not serialize access"),
        Failure.LOST: lambda: asyncpg.ConnectionDoesNotExistError(
            "connection was closed in the middle of operation"
        ),
        Failure.OUTAGE: lambda: asyncpg.CannotConnectNowError("the system is shutting down"),
        Failure.FAULT: lambda: asyncpg.UndefinedColumnError(FAULT_TEXT),
    },
    "mariadb": {
        Failure.RETRYABLE: lambda: pymysql.err.OperationalError(1213, "Deadlock found"),
        Failure.LOST: lambda: pymysql.err.OperationalError(2013, "Lost connection during query"),
        Failure.OUTAGE: lambda: pymysql.err.OperationalError(1053, "Server shutdown in progress"),
        Failure.FAULT: lambda: pymysql.err.ProgrammingError(1146, FAULT_TEXT),
    },
}

PSYCOPG_ERRORS: dict[Failure, Callable[[], Exception]] = {
    Failure.RETRYABLE: lambda: psycopg.errors.SerializationFailure("could not serialize access"),
    Failure.LOST: lambda: psycopg.OperationalError("server closed the connection unexpectedly"),
    Failure.OUTAGE: lambda: psycopg.errors.CannotConnectNow("the system is shutting down"),
    Failure.FAULT: lambda: psycopg.errors.UndefinedColumn(FAULT_TEXT),
}

REFUSED: dict[str, Callable[[], Exception]] = {
    "sqlite": lambda: _sqlite(14, "SQLITE_CANTOPEN", "unable to open database file"),
    "postgresql": lambda: ConnectionRefusedError(111, "Connect call failed"),
    "mariadb": lambda: pymysql.err.OperationalError(2003, "Can't connect to MySQL server"),
}
"""What connecting fails with; asyncpg lets the operating system's error through."""


def fail(kind: str, fairy: Any, failure: Failure) -> NoReturn:
    """Let what is under way on a pooled connection fail."""
    adapted = fairy.dbapi_connection
    is_asynchronous = adapted is not fairy.driver_connection
    if failure is Failure.LOST:
        (_cut if is_asynchronous else _cut_sync)(kind, fairy.driver_connection)
    elif failure is Failure.RETRYABLE and kind == "mariadb":
        adapted.rollback()  # a deadlock ends the victim's whole transaction
    if not is_asynchronous:
        error = (PSYCOPG_ERRORS if kind == "postgresql" else ERRORS[kind])[failure]()
        raise error
    adapted._handle_exception(ERRORS[kind][failure]())
    raise AssertionError("an adapter raises what it is given")


def _cut_sync(kind: str, connection: Any) -> None:
    match kind:
        case "postgresql":
            connection.close()
        case "mariadb":
            connection._force_close()


def _cut(kind: str, connection: Any) -> None:
    match kind:
        case "postgresql":
            connection.terminate()
        case "mariadb":
            connection._writer.transport.abort()
            connection.close()
