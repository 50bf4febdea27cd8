"""What the tests of the core share: rows, races, and a caller's parts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from fastauth_kit import Event, EventSink, Work
from fastauth_kit.core.database import is_retryable, opened
from tests.kit_app import KitApp

ResultT = TypeVar("ResultT")

RACE_SECONDS = 60


@dataclass
class On(EventSink):
    """Does something when one kind of event is told."""

    kind: type[Event]
    act: Callable[[Work, Any], Awaitable[object]]

    async def receive(self, work: Work, event: Event) -> None:
        if isinstance(event, self.kind):
            await self.act(work, event)


@asynccontextmanager
async def working(kit_app: KitApp) -> AsyncIterator[Work]:
    """A unit of work on a connection of its own, over a session as the app's are."""
    async with opened(kit_app.make_session()) as database, Work(kit_app.auth, database) as work:
        yield work


async def race(count: int, act: Callable[[int, asyncio.Barrier], Any]) -> list[Any]:
    """Run ``act`` on ``count`` tasks, which meet at a barrier; return what they return."""
    barrier = asyncio.Barrier(count)
    async with asyncio.timeout(RACE_SECONDS), asyncio.TaskGroup() as group:
        tasks = [group.create_task(act(number, barrier)) for number in range(count)]
    return [task.result() for task in tasks]


async def retrying(act: Callable[[], Awaitable[ResultT]], *, attempts: int = 20) -> ResultT:
    """Run ``act`` again while the database asks for it, as a route does."""
    for _ in range(attempts - 1):
        try:
            return await act()
        except Exception as error:
            if not is_retryable(error):
                raise
    return await act()


async def add_rows(kit_app: KitApp, *rows: object) -> None:
    async with kit_app.sessions.begin() as session:
        session.add_all(rows)


async def fetch(kit_app: KitApp, statement: Any) -> Sequence[Any]:
    """Return the first column of every row, on a connection of its own."""
    async with kit_app.sessions() as session:
        return (await session.scalars(statement)).all()


@asynccontextmanager
async def taken_connection(kit_app: KitApp) -> AsyncIterator[None]:
    """The only connection of the app's pool is in use."""
    if kit_app.style == "sync":
        connection = await asyncio.to_thread(kit_app.app_engine.connect)
        yield
        await asyncio.to_thread(connection.close)
    else:
        async with kit_app.engine.connect():
            yield


async def turns(count: int = 200) -> None:
    """Let every task that can go on do so, without waiting for time to pass."""
    for _ in range(count):
        await asyncio.sleep(0)


async def fetch_as_app(kit_app: KitApp, statement: Any) -> Sequence[Any]:
    """Do so on a connection of the app's own pool."""
    async with opened(kit_app.make_session()) as database:
        return await database.run(lambda session: session.scalars(statement).all())


def checked_out(kit_app: KitApp) -> int:
    """How many connections of the pool are in use."""
    pool: Any = kit_app.app_engine.pool
    count: int = pool.checkedout()
    return count
