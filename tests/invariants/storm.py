"""An installation with few connections, where hashing takes as long as a test wants."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx2
from sqlalchemy.pool import QueuePool

from fastauth_kit.features.passwords.pool import HashingPool
from tests.kit_app import KitApp, bearer, cheap_context

T = TypeVar("T")

CONNECTIONS = 5
CLIENTS = 16
WORKERS = 2
PATIENCE = 20
"""Seconds before a test that hangs fails; no test waits for it to pass."""


class SlowContext:
    """Schemes that take as long as the test wants."""

    def __init__(self) -> None:
        self._schemes = cheap_context()
        self.may_end = threading.Event()
        self.may_end.set()
        self.threads: set[int] = set()
        self._running = 0
        self._changed = threading.Condition()

    def hash(self, secret: str, /) -> str:
        self._take_long()
        return str(self._schemes.hash(secret))

    def verify(self, secret: str, hash: str, /) -> bool:
        self._take_long()
        return bool(self._schemes.verify(secret, hash))

    def needs_update(self, hash: str, /) -> bool:
        return bool(self._schemes.needs_update(hash))

    def is_enabled(self, hash: str, /) -> bool:
        return bool(self._schemes.is_enabled(hash))

    def _take_long(self) -> None:
        self.threads.add(threading.get_ident())
        self._count(1)
        try:
            assert self.may_end.wait(PATIENCE)
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._changed:
            self._running += change
            self._changed.notify_all()

    def wait_until_busy(self) -> None:
        """Block until every thread hashes."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._running == WORKERS, PATIENCE)


class WatchedPool(HashingPool):
    """The kit's pool, which also tells when somebody comes to it."""

    def __init__(self, max_waiting: int) -> None:
        super().__init__(WORKERS, max_waiting=max_waiting)
        self._arrivals = asyncio.Semaphore(0)

    async def run(self, function: Callable[[], T]) -> T:
        self._arrivals.release()
        return await super().run(function)

    async def wait_for(self, count: int) -> None:
        """Wait until so many more have come."""
        async with asyncio.timeout(PATIENCE):
            for _ in range(count):
                await self._arrivals.acquire()


class Storm:
    """An installation with few connections, and a hash that can be held up."""

    def __init__(self, kit_app: KitApp, context: SlowContext, pool: WatchedPool) -> None:
        self.kit_app = kit_app
        self.context = context
        self.pool = pool

    @property
    def connections_held(self) -> int:
        pool = self.kit_app.app_engine.pool
        assert isinstance(pool, QueuePool)
        return pool.checkedout()

    async def person(self, email: str = "ada@example.com", **columns: Any) -> dict[str, str]:
        """Make an account and return the header of its session."""
        await self.kit_app.add_user(email, **columns)
        headers = bearer(await self.kit_app.sign_in(email))
        await self.pool.wait_for(2)
        return headers

    @asynccontextmanager
    async def hashing(
        self, *requests: Awaitable[httpx2.Response]
    ) -> AsyncIterator[list[asyncio.Future[httpx2.Response]]]:
        """Start requests and hold them up in the pool; in the end let them finish."""
        self.context.may_end.clear()
        try:
            started = [asyncio.ensure_future(request) for request in requests]
            await self.pool.wait_for(len(started))
            yield started
        finally:
            self.context.may_end.set()
        await asyncio.wait(started)
