"""How strictly, and through what, the suite's apps talk to their databases.

=================  ==============  ==================================================
``TEST_MODE``      databases       what is different
=================  ==============  ==================================================
unset              all             nothing
``serializable``   PostgreSQL      transactions are SERIALIZABLE
``snapshot``       MariaDB         ``innodb_snapshot_isolation=ON``, MariaDB's default
                                   from 11.6 on
``pgbouncer``      PostgreSQL      through pgbouncer, which lends a connection of the
                                   server for one transaction at a time
=================  ==============  ==================================================

A mode is a matter of the engine's options alone, as it is for a caller. Engines
that administer (tables, cleaning) keep the usual ones. A test that asks for an
isolation level, or for an ``init_command``, of its own keeps that.
"""

import os
from collections.abc import Mapping
from typing import Any, Final, Literal, cast, get_args

from sqlalchemy import URL, make_url

from tests.servers.bouncer import bouncer_before
from tests.servers.kinds import DATABASE_KINDS, DatabaseKind

Mode = Literal["usual", "serializable", "snapshot", "pgbouncer"]

MODES: Final[tuple[Mode, ...]] = get_args(Mode)

SNAPSHOT_COMMAND: Final = "SET SESSION innodb_snapshot_isolation = ON"

_CONCERNED: Final[dict[Mode, DatabaseKind]] = {
    "serializable": "postgresql",
    "snapshot": "mariadb",
    "pgbouncer": "postgresql",
}

EXEMPT: Final[dict[Mode, dict[str, str]]] = {
    "serializable": {
        "test_a_user_deactivated_meanwhile_gets_no_tokens": (
            "a refresh that had read before is ordered before the write; where the kit "
            "deactivates, the session is revoked too, and one of the two is aborted"
        ),
        "test_nobody_waits_for_a_batch_that_is_not_committed": (
            "the batch may be the one that is aborted, to be tried again"
        ),
    },
    "pgbouncer": {
        "test_a_connection_that_the_server_ended_is_replaced": (
            "which connection of the server a client has is pgbouncer's affair"
        ),
    },
}
"""Tests that a mode takes the subject from, and why."""

_NO_PREPARED_STATEMENTS: Final[dict[str, dict[str, Any]]] = {
    "asyncpg": {"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    "psycopg": {"prepare_threshold": None},
}
"""By driver. A prepared statement stays with one connection of the server, and
the next transaction may get another one."""


def current_mode(environment: Mapping[str, str] = os.environ) -> Mode:
    """Return the mode of this run.

    Raises:
        ValueError: ``TEST_MODE`` names none.
    """
    name = environment.get("TEST_MODE") or "usual"
    if name not in MODES:
        raise ValueError(f"TEST_MODE knows {', '.join(MODES)}, not {name}")
    return cast(Mode, name)


def databases_of(mode: Mode) -> tuple[DatabaseKind, ...]:
    """Return the databases that a mode concerns."""
    return DATABASE_KINDS if mode == "usual" else (_CONCERNED[mode],)


def engine_options(
    url: str, own: Mapping[str, Any] | None = None, *, mode: Mode | None = None
) -> dict[str, Any]:
    """Return the options for the engine of an app.

    Args:
        url: The database, at the server itself.
        own: What a test wants; it wins.
        mode: Instead of the mode of this run.
    """
    address, mode = make_url(url), mode or current_mode()
    added = _added(address, mode) if _is_concerned(address, mode) else {}
    given = dict(own or {})
    connect = {**added.pop("connect_args", {}), **given.pop("connect_args", {})}
    options = {**added, **given}
    return {**options, "connect_args": connect} if connect else options


def _is_concerned(address: URL, mode: Mode) -> bool:
    backend = address.get_backend_name()
    kind = "mariadb" if backend == "mysql" else backend
    # without a database it is no app's, and port 1 is where nobody listens
    return mode != "usual" and kind == _CONCERNED[mode] and address.port != 1


def _added(address: URL, mode: Mode) -> dict[str, Any]:
    match mode:
        case "serializable":
            return {"isolation_level": "SERIALIZABLE"}
        case "snapshot":
            return {"connect_args": {"init_command": SNAPSHOT_COMMAND}}
        case _:
            port = bouncer_before(address).port
            driver = _NO_PREPARED_STATEMENTS[address.get_driver_name()]
            return {"connect_args": {"host": "127.0.0.1", "port": port, **driver}}
