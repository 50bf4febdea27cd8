"""Counts in Redis, shared by every process; in memory while Redis is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.throttling.memory_store import MemoryWindows
from fastauth_kit.features.throttling.store import Clock, Store, Windows

try:
    from limits.aio.storage import RedisStorage
    from redis.asyncio import ConnectionPool
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
except ImportError as error:
    raise ImportError("RedisStore needs: pip install 'fastauth-kit[throttling,redis]'") from error

logger = logging.getLogger("fastauth_kit")

ResultT = TypeVar("ResultT")

_SLICES = 10

_UNREACHABLE = (RedisError, OSError, TimeoutError)


class RedisStore(Store):
    """Keeps the counts in Redis (or Valkey), for all processes and machines together.

    While Redis does not answer, each process counts in its own memory: limits
    are then as many times higher as there are processes, but never gone.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``, as redis-py has it.
        prefix: In front of every key.
        timeout: Longest wait for one answer; after it Redis counts as away.
        pause: How long it is then left alone before it is tried again.
        max_connections: For each process and event loop; beyond it attempts wait.
        max_keys: As in ``MemoryStore``, while Redis is away.

    Raises:
        ConfigurationError: A value is out of range, or the URL is none.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "fastauth",
        timeout: timedelta = timedelta(seconds=1),
        pause: timedelta = timedelta(seconds=5),
        max_connections: int = 20,
        max_keys: int = 100_000,
    ) -> None:
        if timeout <= timedelta(0) or pause <= timedelta(0):
            raise ConfigurationError("RedisStore: timeout and pause must be positive")
        if max_connections < 1 or max_keys < 1:
            raise ConfigurationError("RedisStore: max_connections and max_keys must be 1 or more")
        self._url = url
        self._prefix = prefix
        self._timeout = timeout.total_seconds()
        self._max_connections = max_connections
        self._max_keys = max_keys
        self._outage = Outage(pause.total_seconds())
        self._memory: MemoryWindows | None = None
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, RedisWindows] = (
            WeakKeyDictionary()
        )
        self._pool()  # so that a wrong URL fails now

    def windows(self, clock: Clock) -> Windows:
        """Return the counts, over connections of the running event loop."""
        if self._memory is None:
            self._memory = MemoryWindows(clock, self._max_keys)
        loop = asyncio.get_running_loop()
        found = self._by_loop.get(loop)
        if found is None:
            found = self._by_loop[loop] = RedisWindows(
                clock,
                self._pool(),
                prefix=self._prefix,
                timeout_seconds=self._timeout,
                places=self._max_connections,
                memory=self._memory,
                outage=self._outage,
            )
        return found

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        found = self._by_loop.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found.pool.disconnect()

    def _pool(self) -> ConnectionPool:
        try:
            return ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]  # its options have no types
                self._url,
                max_connections=self._max_connections,
                # RedisWindows is patient by itself
                socket_timeout=None,
                socket_connect_timeout=None,
                # waiting and trying again is what the fallback is there to avoid
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError as error:
            raise ConfigurationError(f"RedisStore(url=...): {error}") from None


class Outage:
    """Whether Redis is away, as far as this process knows. Said once in the log."""

    def __init__(self, pause_seconds: float) -> None:
        self._pause = pause_seconds
        self._next_try: float | None = None

    def may_try(self, now: float) -> bool:
        """Whether to ask Redis; during an outage one attempt in a while does."""
        if self._next_try is None:
            return True
        if now < self._next_try:
            return False
        self._next_try = now + self._pause
        return True

    def begin(self, now: float, error: BaseException) -> None:
        """Redis did not answer."""
        if self._next_try is None:
            # its text may hold the URL, hence a password
            logger.warning("throttling: Redis is away (%s); counting in memory", _name(error))
        self._next_try = now + self._pause

    def end(self) -> None:
        """Redis answered."""
        if self._next_try is not None:
            logger.warning("throttling: Redis is back")
        self._next_try = None


class RedisWindows(RedisStorage, Windows):
    """The moving windows of ``limits`` in Redis, with the time of the installation.

    Each question is one script: Redis runs one at a time, so none is lost.
    """

    def __init__(
        self,
        clock: Clock,
        pool: ConnectionPool,
        *,
        prefix: str,
        timeout_seconds: float,
        places: int,
        memory: MemoryWindows,
        outage: Outage,
    ) -> None:
        # the pool knows the address
        super().__init__(
            "async+redis://",
            implementation="redispy",
            key_prefix=prefix,
            connection_pool=pool,  # type: ignore[arg-type]  # it is passed on to redis-py
        )
        self.pool = pool
        # of redis-py, as asked for; its scripts have no types
        self._redispy: Any = self.bridge
        self._clock = clock
        self._memory = memory
        self._outage = outage
        self._timeout = timeout_seconds
        self._places = asyncio.Semaphore(places)

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take one of ``limit`` places, if one is free."""

        async def ask() -> bool:
            arguments = [self._clock(), limit, expiry, amount]
            return bool(await self._redispy.lua_acquire_moving_window([self._key(key)], arguments))

        return await self._ask(ask, lambda: self._memory.acquire_entry(key, limit, expiry))

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the oldest entry was made, and how many there are."""

        async def ask() -> tuple[float, int]:
            now = self._clock()
            found = await self._redispy.lua_moving_window([self._key(key)], [now - expiry, limit])
            return (float(found[0]), found[1]) if found else (now, 0)

        return await self._ask(ask, lambda: self._memory.get_moving_window(key, limit, expiry))

    async def give_back(self, key: str) -> None:
        """Free the place that was taken last."""

        async def ask() -> None:
            await self._redispy.get_connection().lpop(self._key(key))

        await self._ask(ask, lambda: self._memory.give_back(key))

    def _key(self, key: str) -> str:
        return self.bridge.prefixed_key(key)

    async def _ask(
        self,
        redis: Callable[[], Coroutine[Any, Any, ResultT]],
        memory: Callable[[], Awaitable[ResultT]],
    ) -> ResultT:
        # waiting for a place is not waiting for Redis: a crowd must not look like an outage
        async with self._places:
            if not self._outage.may_try(self._clock()):
                return await memory()
            try:
                answer = await self._answer_of(redis())
            except _UNREACHABLE as error:
                self._outage.begin(self._clock(), error)
                return await memory()
            self._outage.end()
            return answer

    async def _answer_of(self, redis: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Wait for an answer, in slices.

        When the event loop comes late, a timer is over before the answer that
        lies there has been read. Late as it may be, that costs one slice.

        Raises:
            TimeoutError: None came in time.
        """
        asking = asyncio.create_task(redis)
        try:
            for _ in range(_SLICES):
                done, _ = await asyncio.wait({asking}, timeout=self._timeout / _SLICES)
                if done:
                    return asking.result()
        finally:
            asking.cancel()  # redis-py then closes that connection
        raise TimeoutError


def _name(error: BaseException) -> str:
    return type(error).__name__
