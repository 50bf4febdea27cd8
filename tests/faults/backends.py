"""A database server's side of the connections of an app."""

import asyncio
import time

from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

SECONDS_TO_END = 20

_OTHERS = {
    "postgresql": "select pid from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()",
    "mysql": "select id from information_schema.processlist"
    " where db = database() and id <> connection_id()",
}
_WAITING = {
    "postgresql": "select pid from pg_stat_activity"
    " where datname = current_database() and wait_event_type = 'Lock'",
    "mysql": "select id from information_schema.processlist"
    " where db = database() and state like 'Waiting for table%'",
}
_END = {"postgresql": "select pg_terminate_backend({})", "mysql": "kill {}"}


class Backends:
    """Sees and ends connections to one database, from one of its own."""

    def __init__(self, url: str) -> None:
        self._kind = make_url(url).get_backend_name()
        self._strangers: set[int] = set()
        # what ends others' connections must not wait in their pool
        self.engine: AsyncEngine = create_async_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )

    async def leave_alone(self) -> None:
        """Take those that there are now for somebody else's."""
        self._strangers = await self.others()

    async def others(self) -> set[int]:
        """Return the ids of all connections of the app."""
        if self._kind == "sqlite":
            return set()
        async with self.engine.connect() as connection:
            found = await connection.scalars(text(_OTHERS[self._kind]))
            return set(found) - self._strangers

    async def waiting(self) -> set[int]:
        """Return the ids of connections that wait for a lock."""
        async with self.engine.connect() as connection:
            return set(await connection.scalars(text(_WAITING[self._kind])))

    async def end(self, backend: int) -> None:
        """Cut a connection at the server's end."""
        async with self.engine.connect() as connection:
            try:
                await connection.execute(text(_END[self._kind].format(backend)))
            except OperationalError:
                # it ended by itself; PostgreSQL says nothing then
                assert backend not in await self.others()

    async def wait_until_gone(self, backends: set[int]) -> None:
        """Wait until none of these connections is there any more.

        A COMMIT that was sent is carried out after its sender has died.
        """
        deadline = time.monotonic() + SECONDS_TO_END
        while backends & await self.others():
            assert time.monotonic() < deadline, "the server keeps a dead client's connection"
            await asyncio.sleep(0.005)
