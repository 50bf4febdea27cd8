"""The threads that hash, and their queue."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest

from fastauth_kit.core.errors import Busy, ConfigurationError
from fastauth_kit.features.passwords.pool import HashingPool

PATIENCE = 20
"""Seconds before a test that hangs fails; no test waits for it to pass."""


class Job:
    """Work that begins, and ends when told to."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.may_end.wait(PATIENCE)
        return "done"


async def begun(job: Job) -> None:
    assert await asyncio.to_thread(job.begun.wait, PATIENCE)


@contextmanager
def all_places_taken(pool: HashingPool, *, workers: int = 1) -> Generator[list[Job]]:
    """Keep every worker of the pool at work, from threads of our own."""
    jobs = [Job() for _ in range(workers)]
    with ThreadPoolExecutor(workers) as callers:
        results = [callers.submit(pool.run_sync, job) for job in jobs]
        try:
            assert all(job.begun.wait(PATIENCE) for job in jobs)
            yield jobs
        finally:
            for job in jobs:
                job.may_end.set()
    assert [result.result() for result in results] == ["done"] * workers


async def test_returns_what_the_function_returns() -> None:
    assert await HashingPool(1).run(lambda: 42) == 42


async def test_runs_in_a_thread_of_its_own() -> None:
    name = await HashingPool(1).run(lambda: threading.current_thread().name)

    assert name.startswith("fastauth-hash")


async def test_raises_what_the_function_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        await HashingPool(1).run(lambda: 1 // 0)


async def test_a_failed_job_frees_its_place() -> None:
    pool = HashingPool(1, max_waiting=0)

    with pytest.raises(ZeroDivisionError):
        await pool.run(lambda: 1 // 0)

    assert await pool.run(lambda: "next") == "next"


async def test_the_event_loop_goes_on_meanwhile() -> None:
    """The job ends only because the loop could go on and tell it to."""
    pool, job = HashingPool(1), Job()

    running = asyncio.create_task(pool.run(job))
    await begun(job)
    job.may_end.set()

    assert await running == "done"


def test_as_many_jobs_run_at_once_as_there_are_workers() -> None:
    meeting = threading.Barrier(3)
    pool = HashingPool(3, max_waiting=0)

    def meet(_: int) -> int:
        return pool.run_sync(lambda: meeting.wait(PATIENCE))

    with ThreadPoolExecutor(3) as callers:
        assert sorted(callers.map(meet, range(3))) == [0, 1, 2]


async def test_a_job_more_than_workers_waits() -> None:
    pool, second = HashingPool(1, max_waiting=1), Job()
    second.may_end.set()

    with all_places_taken(pool):
        waiting = asyncio.create_task(pool.run(second))
        await asyncio.sleep(0)
        assert not second.begun.is_set()

    assert await waiting == "done"


async def test_a_job_more_than_may_wait_is_refused() -> None:
    pool = HashingPool(1, max_waiting=1)

    with all_places_taken(pool):
        waiting = asyncio.create_task(pool.run(lambda: "second"))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await pool.run(lambda: "third")
        with pytest.raises(Busy):
            pool.run_sync(lambda: "third")

    assert await waiting == "second"
    assert await pool.run(lambda: "fourth") == "fourth"


async def test_256_jobs_may_wait_by_default() -> None:
    pool = HashingPool(1)

    with all_places_taken(pool):
        waiting = [asyncio.create_task(pool.run(lambda: 1)) for _ in range(256)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await pool.run(lambda: 1)

    assert sum(await asyncio.gather(*waiting)) == 256


async def test_a_running_job_keeps_its_place_when_the_caller_goes_away() -> None:
    """Its core stays occupied: a client that hangs up must not make room."""
    pool, job = HashingPool(1, max_waiting=0), Job()
    caller = asyncio.create_task(pool.run(job))
    await begun(job)

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    with pytest.raises(Busy):
        await pool.run(lambda: "too early")
    job.may_end.set()
    await asyncio.to_thread(pool.close)
    assert await pool.run(lambda: "now") == "now"
    with all_places_taken(pool), pytest.raises(Busy):
        await pool.run(lambda: "one place, not two")


async def test_a_waiting_job_is_dropped_when_the_caller_goes_away() -> None:
    pool, dropped = HashingPool(1, max_waiting=1), Job()

    with all_places_taken(pool):
        caller = asyncio.create_task(pool.run(dropped))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        # the place is free at once, and one place only
        next_one = asyncio.create_task(pool.run(lambda: "next"))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await pool.run(lambda: "one more")

    assert await next_one == "next"
    pool.close()
    assert not dropped.begun.is_set()


def test_the_place_is_free_before_the_result_is_seen() -> None:
    pool = HashingPool(1, max_waiting=0)

    for number in range(2000):
        assert pool.run_sync(lambda number=number: number) == number  # type: ignore[misc]  # a lambda's default


def test_a_wait_that_is_interrupted_drops_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, dropped = HashingPool(1, max_waiting=1), Job()

    waiter = threading.current_thread()
    result: Callable[[Future[str]], str] = Future[str].result

    def interrupted(future: Future[str]) -> str:
        if threading.current_thread() is waiter:
            raise KeyboardInterrupt
        return result(future)

    with all_places_taken(pool), monkeypatch.context() as patch:
        patch.setattr(Future, "result", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pool.run_sync(dropped)

    pool.close()
    assert not dropped.begun.is_set()


def test_places_add_up_under_many_threads() -> None:
    """Neither lost nor won: afterwards the pool takes what it took before."""
    pool = HashingPool(2, max_waiting=1)
    start = threading.Barrier(12)

    def caller(_: int) -> None:
        start.wait(PATIENCE)
        for _ in range(200):
            with suppress(Busy):
                pool.run_sync(lambda: None)

    with ThreadPoolExecutor(12) as callers:
        list(callers.map(caller, range(12)))

    assert takes(pool, waiting=1)


def takes(pool: HashingPool, *, waiting: int) -> bool:
    """Whether just so many jobs may wait once two run."""

    async def fill() -> bool:
        jobs = [asyncio.create_task(pool.run(lambda: "done")) for _ in range(waiting)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await pool.run(lambda: "one more")
        return not any(job.done() for job in jobs)

    with all_places_taken(pool, workers=2):
        return asyncio.run(fill())


def test_serves_one_event_loop_after_another() -> None:
    """As in a test suite where every ``TestClient`` has a loop of its own."""
    pool = HashingPool(1, max_waiting=0)

    assert [asyncio.run(pool.run(lambda: "served")) for _ in range(3)] == ["served"] * 3


def test_serves_event_loops_at_the_same_time() -> None:
    pool, meeting = HashingPool(2, max_waiting=0), threading.Barrier(2)

    def serve(_: int) -> int:
        return asyncio.run(pool.run(lambda: meeting.wait(PATIENCE)))

    with ThreadPoolExecutor(2) as loops:
        assert sorted(loops.map(serve, range(2))) == [0, 1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_works_in_a_child_forked_while_every_place_was_taken() -> None:
    """As under ``gunicorn --preload``: threads do not survive a fork."""
    script = """
import os, signal, threading
from fastauth_kit.features.passwords.pool import HashingPool
pool, begun, may_end = HashingPool(1, max_waiting=0), threading.Event(), threading.Event()
caller = threading.Thread(target=pool.run_sync, args=(lambda: begun.set() or may_end.wait(20),))
caller.start()
begun.wait(20)
child = os.fork()
if child == 0:
    signal.alarm(10)
    right = pool.run_sync(lambda: 42) == 42
    pool.close()
    os._exit(0 if right else 1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
may_end.set()
caller.join()
assert pool.run_sync(lambda: 42) == 42
raise SystemExit(status)
"""

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")


class TestClosing:
    async def test_waits_for_jobs_and_ends_the_threads(self) -> None:
        pool, job = HashingPool(1), Job()
        job.may_end.set()
        running = asyncio.create_task(pool.run(job))
        thread = await pool.run(threading.current_thread)

        pool.close()

        assert job.begun.is_set()
        assert not thread.is_alive()
        assert await running == "done"

    async def test_need_not_wait(self) -> None:
        pool, job = HashingPool(1), Job()
        running = asyncio.create_task(pool.run(job))
        await begun(job)

        pool.close(wait=False)
        job.may_end.set()

        assert await running == "done"

    async def test_is_not_for_ever(self) -> None:
        pool = HashingPool(1)
        before = await pool.run(threading.get_ident)
        pool.close()
        pool.close()

        assert await pool.run(lambda: "again") == "again"
        assert before is not None

    def test_has_nothing_to_do_before_the_first_job(self) -> None:
        before = threading.active_count()

        HashingPool(1).close()

        assert threading.active_count() == before


def assert_size(pool: HashingPool, workers: int) -> None:
    """Just so many run at once; of a pool where none may wait."""
    with all_places_taken(pool, workers=workers), pytest.raises(Busy):
        pool.run_sync(lambda: "one more")


class TestSize:
    def test_is_the_number_of_usable_cores(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From Python 3.13 on, Python knows."""
        monkeypatch.setattr(os, "process_cpu_count", lambda: 3, raising=False)

        assert_size(HashingPool(max_waiting=0), 3)

    def test_is_the_number_of_cores_of_the_cpuset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def affinity(pid: int) -> set[int]:
            return {4, 7, 9, 11}

        monkeypatch.delattr(os, "process_cpu_count", raising=False)
        monkeypatch.setattr(os, "sched_getaffinity", affinity, raising=False)

        assert_size(HashingPool(max_waiting=0), 4)

    def test_is_the_number_of_all_cores_where_there_are_no_cpusets(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """macOS and Windows, before Python 3.13."""
        monkeypatch.delattr(os, "process_cpu_count", raising=False)
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: 5)

        assert_size(HashingPool(max_waiting=0), 5)

    def test_is_one_where_nobody_knows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "process_cpu_count", lambda: None, raising=False)

        assert_size(HashingPool(max_waiting=0), 1)

    @pytest.mark.parametrize(("workers", "max_waiting"), [(0, 1), (-1, 1), (1, -1)])
    def test_that_cannot_work_is_refused_at_once(self, workers: int, max_waiting: int) -> None:
        with pytest.raises(ConfigurationError, match="HashingPool needs"):
            HashingPool(workers, max_waiting=max_waiting)


def niceness_in(pool: HashingPool) -> int:
    return pool.run_sync(lambda: os.getpriority(os.PRIO_PROCESS, 0))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has niceness of threads")
class TestNiceness:
    def test_is_five_more_than_that_of_the_process(self) -> None:
        own = os.getpriority(os.PRIO_PROCESS, 0)

        assert niceness_in(HashingPool(1)) == min(own + 5, 19)

    def test_is_what_the_caller_says(self) -> None:
        own = os.getpriority(os.PRIO_PROCESS, 0)

        assert niceness_in(HashingPool(1, niceness=7)) == min(own + 7, 19)

    def test_may_be_left_alone(self) -> None:
        own = os.getpriority(os.PRIO_PROCESS, 0)

        assert niceness_in(HashingPool(1, niceness=0)) == own

    def test_of_other_threads_stays(self) -> None:
        own = os.getpriority(os.PRIO_PROCESS, 0)

        HashingPool(1, niceness=9).run_sync(lambda: None)

        assert os.getpriority(os.PRIO_PROCESS, 0) == own

    def test_goes_as_far_as_the_system_does(self) -> None:
        assert niceness_in(HashingPool(1, niceness=19)) == 19

    def test_that_the_system_forbids_stops_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def forbidden(increment: int) -> int:
            raise PermissionError(increment)

        monkeypatch.setattr(os, "nice", forbidden)

        assert HashingPool(1).run_sync(lambda: "hashed") == "hashed"

    @pytest.mark.parametrize("niceness", [-1, 20])
    def test_outside_of_its_range_is_refused(self, niceness: int) -> None:
        with pytest.raises(ConfigurationError, match="niceness from 0 to 19"):
            HashingPool(1, niceness=niceness)
