"""Clients that keep their connections: as little work as will do, in one process."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, TypeAlias

from benchmarks.scenarios import WARM_UP, Request, Scenario, Talk, address
from benchmarks.server import Server


class Refused(Exception):
    """A contender answered with something else than success."""


class Connection:
    """One connection that is used for one request after another."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Connection":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._writer.close()

    async def ask(self, request: Request) -> bytes:
        """Send a request and return the body of the answer.

        Raises:
            Refused: The status is not of success.
        """
        self._writer.write(request.raw)
        head = await self._reader.readuntil(b"\r\n\r\n")
        body = await self._reader.readexactly(_length(head))
        if head[9:10] != b"2":
            raise Refused(f"{request.method} {request.path}: {(head + body).decode()[:1000]}")
        return body


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


class Client:
    """One user at one connection, in the middle of a scenario."""

    def __init__(self, connection: Connection, talk: Talk) -> None:
        self._connection = connection
        self._talk = talk
        self._request = next(talk)

    async def step(self) -> None:
        """Make the next request of the scenario."""
        self._request = self._talk.send(await self._connection.ask(self._request))


@dataclass(frozen=True)
class Load:
    """What a round of requests took.

    Args:
        seconds: By the clock.
        cpu: Seconds of the server's.
        requests: How many were answered.
    """

    seconds: float
    cpu: float
    requests: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of the server's CPU for one request."""
        return 1000 * self.cpu / self.requests


Work: TypeAlias = Callable[[Client], Coroutine[Any, Any, int]]


class Crowd:
    """So many clients at one server, each with a connection and a user of its own."""

    def __init__(self, server: Server, scenario: Scenario, size: int) -> None:
        self._server = server
        self._scenario = scenario
        self._connections = [Connection(server.port) for _ in range(size)]
        self._clients: Sequence[Client] = ()

    async def __aenter__(self) -> "Crowd":
        for connection in self._connections:
            await connection.__aenter__()
        self._clients = [
            Client(connection, self._scenario(self._server.contender, self._address(number)))
            for number, connection in enumerate(self._connections)
        ]
        await self.requests(WARM_UP * len(self._clients))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for connection in self._connections:
            await connection.__aexit__(kind, error, at)

    def _address(self, number: int) -> str:
        return address(number, self._server.hash_parameters)

    async def requests(self, total: int) -> Load:
        """Make requests without pause, ``total`` over all clients."""
        share = total // len(self._clients)

        async def work(client: Client) -> int:
            for _ in range(share):
                await client.step()
            return share

        return await self._measure(work)

    async def lasting(self, seconds: float) -> Load:
        """Make requests without pause for some time."""
        end = time.perf_counter() + seconds

        async def work(client: Client) -> int:
            for made in count(1):
                await client.step()
                if time.perf_counter() >= end:
                    return made
            raise AssertionError

        return await self._measure(work)

    async def _measure(self, work: Work) -> Load:
        before = self._server.usage().cpu
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work(client)) for client in self._clients]
        seconds = time.perf_counter() - began
        cpu = self._server.usage().cpu - before
        return Load(seconds, cpu, sum(task.result() for task in tasks))
