"""Steps of a synchronous session run in threads, which never wait for each other."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, QueuePool

from fastauth_kit.core.errors import DatabaseUnavailable
from fastauth_kit.core.threads import (
    MOST_CHECKOUTS,
    USUAL_PATIENCE_SECONDS,
    _patience_seconds,
    run_in_thread,
)
from tests.core.parts import turns

PATIENCE_SECONDS = 20


class Gate:
    """A step that ends when the test says so."""

    def __init__(self) -> None:
        self._may_end = threading.Event()
        self.begun = threading.Event()
        self.ended = False

    def __call__(self, session: Session) -> None:
        self.begun.set()
        assert self._may_end.wait(PATIENCE_SECONDS)
        self.ended = True

    def open(self) -> None:
        self._may_end.set()

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, PATIENCE_SECONDS)


@pytest.fixture
async def session() -> AsyncIterator[Session]:
    engine = create_engine(
        "sqlite://",
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        connect_args={"check_same_thread": False},
    )
    with Session(engine) as session:
        yield session
    engine.dispose()


def select_one(session: Session) -> int:
    found: int = session.execute(text("SELECT 1")).scalar_one()
    return found


async def test_a_step_runs_in_another_thread(session: Session) -> None:
    thread = await run_in_thread(session, lambda _: threading.current_thread())

    assert thread is not threading.current_thread()


async def test_a_step_raises_what_it_raises(session: Session) -> None:
    def fail(_: Session) -> None:
        raise LookupError("nobody")

    with pytest.raises(LookupError, match="nobody"):
        await run_in_thread(session, fail)


async def cancelled_natively(gate: Gate, session: Session, times: int) -> None:
    task = asyncio.create_task(run_in_thread(session, gate))
    await gate.reached()
    for _ in range(times):
        task.cancel()
        await turns()
        assert not task.done()
    gate.open()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("times", [1, 3])
async def test_who_is_cancelled_waits_until_nobody_uses_the_session(
    session: Session, times: int
) -> None:
    gate = Gate()

    await cancelled_natively(gate, session, times)

    assert gate.ended


async def test_who_is_cancelled_is_not_told_of_the_failure_of_the_step(session: Session) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    class Failing(Gate):
        def __call__(self, session: Session) -> None:
            super().__call__(session)
            raise LookupError

    await cancelled_natively(Failing(), session, 1)
    await turns()
    asyncio.get_running_loop().set_exception_handler(None)

    assert complaints == []


async def test_a_cancelled_scope_waits_as_well(session: Session) -> None:
    gate = Gate()

    async def cancel_meanwhile(scope: anyio.CancelScope) -> None:
        await gate.reached()
        scope.cancel()
        asyncio.get_running_loop().call_soon(gate.open)

    async with anyio.create_task_group() as group:
        group.start_soon(cancel_meanwhile, group.cancel_scope)
        await run_in_thread(session, gate)

    assert gate.ended


async def test_a_step_within_a_transaction_runs_in_a_cancelled_scope(session: Session) -> None:
    """Otherwise nothing would be rolled back."""
    await run_in_thread(session, select_one)

    with anyio.CancelScope() as scope:
        scope.cancel()
        with suppress(asyncio.CancelledError):
            await run_in_thread(session, Session.rollback)

    assert not session.in_transaction()


async def waiting_for_a_connection(
    engine_of: Session, count: int
) -> tuple[list[Session], list["asyncio.Task[int]"]]:
    sessions = [Session(engine_of.get_bind()) for _ in range(count)]
    tasks = [asyncio.create_task(run_in_thread(one, select_one)) for one in sessions]
    await turns()
    return sessions, tasks


async def finish(sessions: list[Session], tasks: list["asyncio.Task[int]"]) -> list[int]:
    """Let each give the connection back once it has had it."""

    async def use(one: Session, task: "asyncio.Task[int]") -> int:
        found = await task
        await run_in_thread(one, Session.close)
        return found

    return await asyncio.gather(*map(use, sessions, tasks))


async def test_a_commit_does_not_queue_behind_those_who_wait_for_it(session: Session) -> None:
    """More of them than may wait at once, for the one connection that this one has."""
    await run_in_thread(session, select_one)
    sessions, tasks = await waiting_for_a_connection(session, 2 * MOST_CHECKOUTS)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await run_in_thread(session, Session.commit)

        assert await finish(sessions, tasks) == [1] * len(tasks)


async def test_those_who_wait_for_a_connection_do_not_take_a_thread_each(
    session: Session,
) -> None:
    await run_in_thread(session, select_one)
    before = threading.active_count()
    sessions, tasks = await waiting_for_a_connection(session, 5 * MOST_CHECKOUTS)

    taken = threading.active_count() - before
    await run_in_thread(session, Session.commit)
    await finish(sessions, tasks)

    assert taken <= MOST_CHECKOUTS


async def test_nobody_waits_for_a_place_longer_than_the_pool_lets_wait(session: Session) -> None:
    await run_in_thread(session, select_one)
    engine = create_engine(
        "sqlite://",
        poolclass=QueuePool,
        pool_timeout=0.01,
        connect_args={"check_same_thread": False},
    )
    sessions, tasks = await waiting_for_a_connection(session, MOST_CHECKOUTS)

    with Session(engine) as late, pytest.raises(DatabaseUnavailable):
        await run_in_thread(late, select_one)

    await run_in_thread(session, Session.commit)
    await finish(sessions, tasks)
    engine.dispose()


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({"poolclass": QueuePool, "pool_timeout": 7}, 7),
        ({"poolclass": NullPool}, USUAL_PATIENCE_SECONDS),
    ],
)
def test_the_pool_says_how_long_to_wait(options: dict[str, Any], seconds: float) -> None:
    assert _patience_seconds(Session(create_engine("sqlite://", **options))) == seconds


def test_a_session_whose_tables_choose_their_engines_waits_as_usual() -> None:
    assert _patience_seconds(Session()) == USUAL_PATIENCE_SECONDS


async def test_who_gives_up_waiting_for_a_connection_takes_no_place(session: Session) -> None:
    await run_in_thread(session, select_one)
    sessions, tasks = await waiting_for_a_connection(session, 2 * MOST_CHECKOUTS)
    given_up = tasks[MOST_CHECKOUTS:]
    for task in given_up:
        task.cancel()
    await asyncio.wait(given_up)

    await run_in_thread(session, Session.commit)

    still = tasks[:MOST_CHECKOUTS]
    assert await finish(sessions[:MOST_CHECKOUTS], still) == [1] * MOST_CHECKOUTS
    assert all(task.cancelled() for task in given_up)


def test_each_event_loop_has_limits_of_its_own() -> None:
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False})

    async def once() -> int:
        with Session(engine) as session:
            return await run_in_thread(session, select_one)

    run: Callable[[], int] = lambda: asyncio.run(once())  # noqa: E731  # said once
    assert [run(), run()] == [1, 1]
    engine.dispose()
