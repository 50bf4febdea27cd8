"""Threads that hash passwords, and a queue that ends."""

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import TypeVar

from fastauth_kit.core.errors import Busy, ConfigurationError

T = TypeVar("T")


class HashingPool:
    """Run hash work in as many threads as there are cores.

    More threads would not hash faster, only take memory (19 MiB each, by
    default) and the time of other requests. One pool serves every event loop
    of a process; after a fork the child makes threads of its own.

    Args:
        workers: Threads; ``None``: one for each core this process may use.
            Python does not see a CPU quota (``docker run --cpus``): set it then.
        max_waiting: Jobs that wait for a thread before the next one is refused.
        niceness: How far the threads stand back where cores are scarce, 0 to 19:
            requests that hash nothing are then answered sooner in a crowd of
            logins. Linux alone knows niceness of threads; elsewhere it does nothing.

    Raises:
        ConfigurationError: ``workers`` below 1, ``max_waiting`` below 0, or
            ``niceness`` outside of its range.
    """

    def __init__(
        self, workers: int | None = None, *, max_waiting: int = 256, niceness: int = 5
    ) -> None:
        self._workers = _usable_cores() if workers is None else workers
        if self._workers < 1 or max_waiting < 0 or not 0 <= niceness <= 19:
            raise ConfigurationError(
                "HashingPool needs workers of 1 or more, max_waiting of 0 or more "
                "and niceness from 0 to 19."
            )
        self._capacity = self._workers + max_waiting
        self._niceness = niceness
        self._by_process: dict[int, _Threads] = {}

    async def run(self, function: Callable[[], T]) -> T:
        """Call ``function`` in a thread and return what it returns.

        If the caller is cancelled, a waiting job is dropped; a running one
        keeps its place until it ends, because its core is not free before.

        Raises:
            Busy: As many jobs run and wait as the pool takes.
        """
        return await asyncio.wrap_future(self._submit(function))

    def run_sync(self, function: Callable[[], T]) -> T:
        """Do the same and block meanwhile, for callers without an event loop."""
        future = self._submit(function)
        try:
            return future.result()
        finally:
            # the wait may be interrupted (Ctrl-C); does nothing to a job that ended
            future.cancel()

    def close(self, *, wait: bool = True) -> None:
        """End the threads once all jobs are done; the next job makes new ones.

        Args:
            wait: Return only then. Blocks: not for an event loop with jobs.
        """
        self._threads().close(wait=wait)

    def _submit(self, function: Callable[[], T]) -> Future[T]:
        return self._threads().submit(function, self._capacity)

    def _threads(self) -> "_Threads":
        """Return what belongs to this process.

        Threads do not survive a fork, and a lock may be copied while held.
        ``setdefault`` decides between threads that come first together,
        without a lock that could have that fate itself.
        """
        return self._by_process.setdefault(os.getpid(), _Threads(self._workers, self._niceness))


class _Threads:
    """The threads of one process, and how many jobs are theirs."""

    def __init__(self, workers: int, niceness: int) -> None:
        self._workers = workers
        self._niceness = niceness
        self._lock = Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._jobs = 0

    def submit(self, function: Callable[[], T], capacity: int) -> Future[T]:
        with self._lock:
            if self._jobs >= capacity:
                raise Busy
            if self._executor is None:
                self._executor = ThreadPoolExecutor(
                    self._workers, "fastauth-hash", _stand_back, (self._niceness,)
                )
            future = self._executor.submit(self._job, function)
            self._jobs += 1
        # outside the lock, because a cancelled future calls it right here
        future.add_done_callback(self._dropped)
        return future

    def _job(self, function: Callable[[], T]) -> T:
        try:
            return function()
        finally:
            # here and not in a done callback: whoever waits for the result
            # could otherwise come back before the place is free
            self._release()

    def _dropped(self, future: Future[T]) -> None:
        """Free the place of a job that was cancelled, hence never begins."""
        if future.cancelled():
            self._release()

    def close(self, *, wait: bool) -> None:
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=wait)

    def _release(self) -> None:
        with self._lock:
            self._jobs -= 1


def _stand_back(niceness: int) -> None:
    """Let other threads go first. Where that is forbidden, hash all the same."""
    if sys.platform == "linux" and niceness:
        with suppress(OSError):
            os.nice(niceness)  # on Linux, of the thread that calls


def _usable_cores() -> int:
    """Count the cores this process may use, not all that the machine has."""
    count: Callable[[], int | None] = getattr(os, "process_cpu_count", _affinity_count)
    return count() or 1


def _affinity_count() -> int | None:
    """Do what ``os.process_cpu_count`` does from Python 3.13 on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()
