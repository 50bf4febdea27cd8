"""How long others wait while many log in.

16 clients log in without pause; meanwhile a request a fiftieth of a second reads
a signed-in user, whether or not those before it were answered. Each is timed from
the moment when it was due, so that a server that stalls cannot hide it.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Final

from benchmarks.bench import Bench
from benchmarks.load import Connection, Crowd
from benchmarks.loop import run
from benchmarks.rows import Result
from benchmarks.scenarios import Request, address, login, me
from benchmarks.server import Server

CLIENTS: Final = 16
PER_SECOND: Final = 50
RUN_UP_SECONDS: Final = 0.3


def storm(bench: Bench, servers: Sequence[Server]) -> Iterator[Result]:
    """Compare the waiting of the slowest hundredth."""
    if not bench.wants("storm-p99"):
        return
    waits: dict[str, list[float]] = defaultdict(list)
    for number in range(bench.effort.slow_rounds):
        bench.say(f"{bench.database}: storm, round {number + 1}")
        for server in servers:
            if bench.takes_part(server.contender, number):
                took = run(_storm(server, bench.effort.storm_seconds))
                waits[server.contender.name].append(1000 * percentile(took, 99))
    yield from bench.ratios("storm-p99", waits, measured_in="ms")


def percentile(values: list[float], rank: float) -> float:
    """Return the smallest value that ``rank`` in a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * rank // 100) - 1)]


async def _storm(server: Server, seconds: float) -> list[float]:
    """Return how long each read took."""
    async with Crowd(server, login, CLIENTS) as crowd, Reader(server) as reader:
        logins = asyncio.create_task(crowd.lasting(seconds + 2 * RUN_UP_SECONDS))
        await asyncio.sleep(RUN_UP_SECONDS)
        took = await reader.reads(int(seconds * PER_SECOND))
        await logins
    return took


class Reader:
    """Reads one signed-in user at fixed moments, over as many connections as it takes."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._idle: list[Connection] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Reader":
        talk = me(self._server.contender, address(CLIENTS, self._server.hash_parameters))
        connection = await self._connection()
        self._request: Request = talk.send(await connection.ask(next(talk)))
        self._idle.append(connection)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def reads(self, number: int) -> list[float]:
        """Begin a read at each moment that is due, and wait for the last."""
        first = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            tasks: list[asyncio.Task[float]] = []
            for due in (first + turn / PER_SECOND for turn in range(number)):
                await asyncio.sleep(due - time.perf_counter())
                tasks.append(group.create_task(self._read(due)))
        return [task.result() for task in tasks]

    async def _read(self, due: float) -> float:
        connection = self._idle.pop() if self._idle else await self._connection()
        await connection.ask(self._request)
        self._idle.append(connection)
        return time.perf_counter() - due

    async def _connection(self) -> Connection:
        return await self._stack.enter_async_context(Connection(self._server.port))
