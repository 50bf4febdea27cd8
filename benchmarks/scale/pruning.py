"""Pruning of a large table beside requests of people who are signed in."""

import asyncio
import json
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import httpx2

from benchmarks.scale.app import DATABASE_VARIABLE, build
from benchmarks.scale.client import Connection
from benchmarks.scale.requests import Member, find_people
from benchmarks.scale.server import ROOT, Server, environment, serving
from fastauth_kit.core.pruning import BATCH, PAUSE

ME_PER_SECOND = 30
REFRESHES_PER_SECOND = 10
CONNECTIONS = 24


@dataclass
class Latencies:
    """Seconds of each answer, and what went wrong."""

    me: list[float] = field(default_factory=list[float])
    refresh: list[float] = field(default_factory=list[float])
    errors: list[str] = field(default_factory=list[str])


@dataclass
class Pruning:
    """What pruning did, and what the others noticed.

    Args:
        batches: Rows deleted and seconds taken, of each batch.
        alone: How many of the last batches ran without the load.
    """

    rows: int
    batches: list[tuple[int, float]]
    quiet: Latencies
    beside: Latencies
    alone: int

    @property
    def deleted(self) -> int:
        return sum(deleted for deleted, _ in self.batches)


class Load:
    """Sends requests at a fixed rate, whether or not the answers are late."""

    def __init__(self, server: Server, members: list[Member]) -> None:
        self._free: asyncio.Queue[Connection] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            self._free.put_nowait(Connection(server.port))
        self._members = cycle(members)

    async def run(self, into: Latencies, until: asyncio.Event) -> None:
        """Send until told to stop."""
        period = 1 / (ME_PER_SECOND + REFRESHES_PER_SECOND)
        started, number = time.perf_counter(), 0
        async with asyncio.TaskGroup() as sending:
            while not until.is_set():
                due = started + number * period
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                is_refresh = number % 4 == 0
                sending.create_task(self._one(into, next(self._members), due, is_refresh))
                number += 1

    async def _one(self, into: Latencies, member: Member, due: float, is_refresh: bool) -> None:
        """Send one; its time counts from when it was due, also if no connection was free."""
        connection = await self._free.get()
        try:
            if is_refresh:
                body = {"refresh_token": member.refresh_token}
                answer = await connection.send("POST", "/auth/refresh", body=body)
            else:
                answer = await connection.send("GET", "/users/me", headers=member.headers)
        except OSError as error:
            into.errors.append(repr(error))
            return
        finally:
            self._free.put_nowait(connection)
        (into.refresh if is_refresh else into.me).append(time.perf_counter() - due)
        if answer.status != 200:
            into.errors.append(f"{answer.status} {answer.body[:200]!r}")
        elif is_refresh:
            member.refresh_token = answer.json()["refresh_token"]


async def measure_pruning(
    url: str, *, rows: int, phases: int, seconds: float, members: int, say: Callable[[str], None]
) -> Pruning:
    """Prune beside load in turns with load alone, then the rest without load.

    Beside load it rests after each batch, as it does by default; alone it does not.
    """
    people = await _members(url, members)
    quiet, beside = Latencies(), Latencies()
    batches: list[tuple[int, float]] = []
    after: str | None = None
    async with serving("benchmarks.scale.app:serve", **{DATABASE_VARIABLE: url}) as server:
        load = Load(server, people)
        await _under_load(load, Latencies(), asyncio.sleep(min(seconds, 5)))  # warm up
        for number in range(phases):
            say(f"pruning: round {number + 1} of {phases}")
            await _under_load(load, quiet, asyncio.sleep(seconds))
            pruner = await _start_pruner(url, after, seconds, PAUSE.total_seconds())
            done = await _under_load(load, beside, pruner.finish())
            batches += [(deleted, took) for deleted, took in done["batches"]]
            after = done["after"]
            if after is None:
                break
    beside_load = len(batches)
    if after is not None:
        say("pruning: the rest, without load")
        pruner = await _start_pruner(url, after, 24 * 3600, 0)
        batches += (await pruner.finish())["batches"]
    return Pruning(rows, batches, quiet, beside, len(batches) - beside_load)


async def _members(url: str, count: int) -> list[Member]:
    built = build(url)
    transport = httpx2.ASGITransport(built.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench") as client:
        people = await find_people(built, client, count)
    await built.auth.aclose()
    await built.engine.dispose()
    return people.members


async def _under_load(load: Load, into: Latencies, action: Any) -> Any:
    done = asyncio.Event()
    sending = asyncio.create_task(load.run(into, done))
    try:
        return await action
    finally:
        done.set()
        await sending


@dataclass
class Pruner:
    """The job as a process that has imported what it needs, and has begun."""

    process: Process

    async def finish(self) -> Any:
        out, _ = await self.process.communicate()
        assert self.process.returncode == 0, "the pruner failed; its error is above"
        return json.loads(out.splitlines()[-1])


async def _start_pruner(url: str, after: str | None, seconds: float, pause: float) -> Pruner:
    order = {"url": url, "after": after, "seconds": seconds, "batch": BATCH, "pause": pause}
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "benchmarks.scale.pruner", json.dumps(order)],
        cwd=ROOT,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    await process.stdout.readline()  # "started"
    return Pruner(process)
