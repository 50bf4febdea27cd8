"""Checks of the database itself: version, isolation, clock, pool, who administers."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, NullPool, func, select, text, true, type_coerce
from sqlalchemy.exc import DBAPIError

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.models import CurrentMoment, UtcDateTime
from fastauth_kit.surfaces.cli.doctor.finding import Finding, error, ok, warning

SKEW = timedelta(seconds=5)

OLDEST = {"postgresql": (9, 5), "mariadb": (10, 6), "mysql": (8, 0)}
"""Of SKIP LOCKED, by which pruning stays out of everybody's way."""

Check = Callable[[Connection, AuthKit[Any]], Iterator[Finding]]


def check_version(connection: Connection, auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find a server that is too old."""
    dialect = connection.dialect
    is_mariadb = getattr(dialect, "is_mariadb", False)
    name = "mariadb" if is_mariadb else dialect.name
    version = tuple(dialect.server_version_info or ())
    shown = f"{name} {'.'.join(map(str, version[:3]))}"
    if version[:2] < OLDEST.get(name, ()):
        yield error("database", f"{shown} is too old.", f"Use {name} {OLDEST[name]} or newer.")
    else:
        yield ok("database", f"{shown}.")


def check_isolation(connection: Connection, auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find the isolation level under which a session survives a change of password."""
    if connection.dialect.name != "postgresql":
        return
    level = connection.get_isolation_level()
    if level == "REPEATABLE READ":
        yield error(
            "isolation",
            "The engine is set to REPEATABLE READ.",
            "Use READ COMMITTED or SERIALIZABLE: a session could survive a change of password.",
        )
    else:
        yield ok("isolation", f"{level}.")


def check_clock(connection: Connection, auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find clocks that disagree: sessions would end early, or late."""
    # SQLite gives text, PostgreSQL a zone, MariaDB neither
    theirs: Any = connection.scalar(select(type_coerce(CurrentMoment(), UtcDateTime)))
    skew = abs(theirs - auth.clock())
    if skew > SKEW:
        seconds = int(skew.total_seconds())
        yield warning(
            "clock",
            f"The clocks of database and machine differ by {seconds} seconds.",
            "Keep both right (NTP): tokens and sessions are about time.",
        )
    else:
        yield ok("clock", "Database and machine agree.")


def check_pool(connection: Connection, auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find an engine that connects anew for each request."""
    if connection.dialect.name != "sqlite" and isinstance(connection.engine.pool, NullPool):
        yield warning(
            "pool",
            "Each request connects anew (NullPool).",
            "Fine behind pgbouncer; else leave poolclass out.",
        )


def check_sqlite(connection: Connection, auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find settings of SQLite under which readers wait, or rows outlive their user."""
    if connection.dialect.name != "sqlite":
        return
    if connection.scalar(text("PRAGMA journal_mode")) != "wal":
        yield warning("sqlite", "Who writes shuts readers out.", "PRAGMA journal_mode=WAL.")
    if not connection.scalar(text("PRAGMA foreign_keys")):
        yield warning(
            "sqlite", "Foreign keys are not enforced.", "PRAGMA foreign_keys=ON on each connection."
        )


def check_superuser(connection: Connection, auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find an app that nobody administers."""
    model = auth.user_model
    administering = (model.is_superuser == true(), model.is_active == true())
    try:
        count = connection.scalar(select(func.count()).select_from(model).where(*administering))
    except DBAPIError:
        return  # the table does not fit, which was said already
    if count:
        yield ok("superuser", "Somebody administers the accounts.")
    else:
        yield warning(
            "superuser", "Nobody administers the accounts.", "fastauth-kit create-superuser"
        )


CHECKS: tuple[Check, ...] = (
    check_version,
    check_isolation,
    check_clock,
    check_pool,
    check_sqlite,
    check_superuser,
)
