"""Bring pgbouncer: it stands between the apps and a PostgreSQL that runs already."""

import atexit
import os
import shutil
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url

from tests.servers.launch import (
    CannotStart,
    Started,
    free_port,
    keep,
    new_directory,
    unprivileged_account,
)

POOL_SIZE: Final = 20
"""Connections to the server, for each database. Fewer than the clients of a
crowd, so that they share; PostgreSQL usually takes 100 in all."""

_SETTINGS: Final = """\
[databases]
* = host={host} port={port} user={user}{password}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool_size}
# never the same connection twice in a row
server_round_robin = 1
max_client_conn = 1000
server_idle_timeout = 5
# how long a client waits where the database is away; 120 s by default
query_wait_timeout = 10
ignore_startup_parameters = extra_float_digits
"""


class MissingBouncer(CannotStart):
    """pgbouncer is not installed."""


def installed_bouncer() -> Path:
    """Return the program, which Debian keeps where only root looks.

    Raises:
        MissingBouncer: It is not there.
    """
    if "pgbouncer" in os.environ.get("TEST_HIDE", "").replace(",", " ").split():
        raise MissingBouncer("pgbouncer is hidden by TEST_HIDE")
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("pgbouncer", path=places)
    if found is None:
        raise MissingBouncer("pgbouncer is not installed; on Debian: apt-get install pgbouncer")
    return Path(found)


@cache
def bouncer_at(host: str, port: int, user: str, password: str) -> Started:
    """Start pgbouncer before one server; once for each process.

    Raises:
        CannotStart: It is not installed, or with the end of its log.
    """
    program = installed_bouncer()
    account = unprivileged_account()
    directory = new_directory("pgbouncer", account)
    listen_port = free_port()
    settings = directory / "pgbouncer.ini"
    settings.touch(mode=0o600)
    settings.write_text(
        _SETTINGS.format(
            host=host,
            port=port,
            user=user,
            # an empty one is a syntax error
            password=" password='{}'".format(password.replace("'", "''")) if password else "",
            listen_port=listen_port,
            pool_size=POOL_SIZE,
        )
    )
    os.chown(settings, account.uid, account.gid)
    url = URL.create(
        "postgresql+asyncpg",
        username=user,
        host="127.0.0.1",
        port=listen_port,
        database="postgres",
        query={"prepared_statement_cache_size": "0"},
    )
    started = keep(
        "postgresql",
        url.render_as_string(hide_password=False),
        command=[str(program), "--quiet", str(settings)],
        directory=directory,
        account=account,
    )
    atexit.register(started.stop)
    return started


def bouncer_before(address: URL) -> URL:
    """Return the address of the pgbouncer before a server, started at the first call."""
    host = "127.0.0.1" if address.host in (None, "localhost") else str(address.host)
    user, password = address.username or "postgres", str(address.password or "")
    started = bouncer_at(host, address.port or 5432, user, password)
    return make_url(started.url).set(database=address.database)
