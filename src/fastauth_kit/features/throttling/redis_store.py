"""Counts in Redis, shared by every process; in memory while Redis is away."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.throttling.limits import whole_seconds_after
from fastauth_kit.features.throttling.memory_store import MemoryWindows
from fastauth_kit.features.throttling.outage import Outage
from fastauth_kit.features.throttling.scripts import take_script
from fastauth_kit.features.throttling.store import Clock, Store, Window, Windows

try:
    from limits.aio.storage import RedisStorage
    from redis.asyncio import ConnectionPool
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
except ImportError as _error:
    raise ImportError("RedisStore needs: pip install 'fastauth-kit[throttling,redis]'") from _error

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


class RedisWindows(Windows):
    """The moving windows of ``limits`` in Redis, with the time of the installation.

    Each question is one script, or one pipeline: one round trip. Redis runs
    one script at a time, so no count is lost.
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
        storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=prefix,
            connection_pool=pool,  # type: ignore[arg-type]  # it is passed on to redis-py
        )
        self.pool = pool
        # for redis-py, as asked for; neither says so in its types
        self._bridge = cast(Any, storage.bridge)
        self._redis = self._bridge.get_connection()
        self._take = self._redis.register_script(
            take_script(
                acquire=self._bridge.SCRIPT_ACQUIRE_MOVING_WINDOW.decode(),
                look=self._bridge.SCRIPT_MOVING_WINDOW.decode(),
            )
        )
        self._clock = clock
        self._memory = memory
        self._outage = outage
        self._timeout = timeout_seconds
        self._places = asyncio.Semaphore(places)

    async def take(self, wanted: Sequence[Window]) -> int | None:
        """Take a place in every window, or say how long to wait."""
        return await self._ask(lambda: self._taken(wanted), lambda: self._memory.take(wanted))

    async def give_back(self, taken: Sequence[Window]) -> None:
        """Free the place that was taken last in each window."""
        await self._ask(lambda: self._given_back(taken), lambda: self._memory.give_back(taken))

    async def _taken(self, wanted: Sequence[Window]) -> int | None:
        now = self._clock()
        numbers = [number for window in wanted for number in (window.attempts, window.seconds)]
        full_until = await self._take(self._keys(wanted), [now, *numbers])
        if full_until is None:
            return None
        return whole_seconds_after(max(map(float, full_until), default=now), now)

    async def _given_back(self, taken: Sequence[Window]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for key in self._keys(taken):
            pipeline.lpop(key)
        await pipeline.execute()

    def _keys(self, windows: Sequence[Window]) -> list[str]:
        return [self._bridge.prefixed_key(window.key) for window in windows]

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
