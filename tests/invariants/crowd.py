"""Many requests at once, each on a database connection of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx2
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import await_only

from fastauth_kit.core.after_commit import running_loop
from tests.kit_app import KitApp
from tests.servers.modes import Mode, current_mode

T = TypeVar("T")

CROWD = 50
SMALL_CROWD = 12
"""For SQLite, where one writes at a time and the others wait."""

EVERY_DATABASE = pytest.mark.parametrize(
    ("database_kind", "isolation"),
    [
        ("sqlite", "usual"),
        ("postgresql", "usual"),
        ("postgresql", "serializable"),
        ("postgresql", "pgbouncer"),
        ("mariadb", "usual"),
        ("mariadb", "snapshot"),
    ],
    indirect=True,
)
"""Every database, the servers also in the modes of ``tests.servers.modes``."""


def crowd_options(isolation: Mode) -> dict[str, Any]:
    """Return the options of an app for a crowd: nobody waits for a connection."""
    # pgbouncer has fewer for them, and the crowd meets within transactions
    crowded = SMALL_CROWD if "pgbouncer" in {isolation, current_mode()} else CROWD
    return {"engine_options": {"pool_size": crowded, "max_overflow": 0}, "mode": isolation}


async def open_connections(kit_app: KitApp, count: int) -> None:
    """Fill the pool, so that nobody is late because they had to connect."""
    if kit_app.style == "sync":
        await asyncio.to_thread(_open_connections, kit_app.app_engine, count)
        return
    opened = [await kit_app.engine.connect() for _ in range(count)]
    for connection in opened:
        await connection.execute(text("SELECT 1"))
        await connection.close()


def _open_connections(engine: Engine, count: int) -> None:
    opened = [engine.connect() for _ in range(count)]
    for connection in opened:
        connection.execute(text("SELECT 1"))
        connection.close()


class Meeting:
    """Holds requests back at the statement that decides, until all have come to it.

    Without it the first one is often done before the last one has read what
    it decides by. Nobody waits in vain: who does gets an error in the end.

    Args:
        at: Text of the statement before which they meet.
    """

    PATIENCE_SECONDS = 20

    def __init__(self, kit_app: KitApp, at: str) -> None:
        self._at = at
        self._missing = 0
        self._lock = threading.Lock()  # synchronous sessions come in threads
        event.listen(kit_app.app_engine, "before_cursor_execute", self._arrive)

    def expect(self, count: int) -> None:
        """Hold back the next ``count`` requests; who comes later passes."""
        self._missing = count
        self._loop = asyncio.get_running_loop()
        self._begun = asyncio.Event()
        self._complete = asyncio.Event()

    async def overtake_the_first(self) -> None:
        """Wait until one has come; the next ones pass it, until ``end``."""
        async with asyncio.timeout(self.PATIENCE_SECONDS):
            await self._begun.wait()
        self._missing = 0

    def end(self) -> None:
        """Let those who wait go on."""
        self._complete.set()

    def _arrive(self, *arguments: Any) -> None:
        with self._lock:
            if not self._missing or self._at not in arguments[2]:
                return
            self._missing -= 1
            if not self._missing:
                self._loop.call_soon_threadsafe(self._complete.set)
        self._loop.call_soon_threadsafe(self._begun.set)
        if self._loop is running_loop():
            await_only(self._wait())
        else:
            asyncio.run_coroutine_threadsafe(self._wait(), self._loop).result()

    async def _wait(self) -> None:
        async with asyncio.timeout(self.PATIENCE_SECONDS):
            await self._complete.wait()


def is_sqlite(kit_app: KitApp) -> bool:
    """Whether one writes at a time and everybody else waits."""
    return kit_app.engine.dialect.name == "sqlite"


def size_of_crowd(kit_app: KitApp) -> int:
    """Return how many the database of this installation is given at once."""
    pool = kit_app.engine.pool
    assert isinstance(pool, QueuePool)
    return SMALL_CROWD if is_sqlite(kit_app) else pool.size()


async def together(*requests: Callable[[], Awaitable[T]]) -> list[T]:
    """Start requests at the same moment; return what each returned."""
    barrier = asyncio.Barrier(len(requests))

    async def start(request: Callable[[], Awaitable[T]]) -> T:
        await barrier.wait()
        return await request()

    return await asyncio.gather(*(start(request) for request in requests))


def codes(answers: list[httpx2.Response]) -> list[tuple[int, str]]:
    """Return status and ``code`` of each answer, in order of the status."""
    return sorted(
        (answer.status_code, answer.json()["code"] if answer.status_code >= 400 else "")
        for answer in answers
    )
