"""Cost of a request in a small and in a large installation, side by side."""

import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.scale import requests
from benchmarks.scale.app import Installation, build
from benchmarks.scale.requests import People, Send, find_people

LIMIT = 1.2

BLOCKS = """
SELECT coalesce(sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit), 0)
FROM pg_statio_user_tables
"""


@dataclass(frozen=True)
class Kind:
    """One kind of request.

    Args:
        block: Requests of a round at each size.
        limited: Whether its growth has a limit to hold.
    """

    name: str
    send: Send
    block: int = 20
    limited: bool = True


KINDS = (
    Kind("login", requests.log_in),
    Kind("`GET /users/me`", requests.read_me),
    Kind("refresh", requests.refresh),
    Kind("admin page by cursor, first", requests.first_page_by_cursor),
    Kind("admin page by cursor, last", requests.deep_page_by_cursor),
    Kind("admin page by number, first", requests.first_page_by_number, 3, limited=False),
    Kind("admin page by number, last", requests.deep_page_by_number, 2, limited=False),
    Kind("search (`q`), by cursor", requests.search, 2, limited=False),
)


@dataclass(frozen=True)
class Growth:
    """What one kind of request costs at both sizes.

    Args:
        milliseconds: Median wall time, small and large.
        ratios: Large to small, of each round.
        cpu: Ratio of the CPU time of this process.
        blocks: Blocks of tables and indexes that PostgreSQL touched for a request.
    """

    kind: Kind
    milliseconds: tuple[float, float]
    ratios: list[float]
    cpu: float
    blocks: tuple[float, float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def holds(self) -> bool:
        return not self.kind.limited or self.ratio <= LIMIT


@asynccontextmanager
async def running(url: str, members: int) -> AsyncIterator[tuple[Installation, People]]:
    """Build an app on a database that is filled, and find people to be."""
    built = build(url)
    transport = httpx2.ASGITransport(built.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench") as client:
        yield built, await find_people(built, client, members)
    await built.auth.aclose()
    await built.engine.dispose()


async def measure_growth(
    small: str, large: str, *, rounds: int, members: int, brief: bool, say: Callable[[str], None]
) -> list[Growth]:
    """Measure every kind of request in interleaved rounds.

    Args:
        brief: Send one request where there would be many.
    """
    async with running(small, members) as at_small, running(large, members) as at_large:
        found = []
        for kind in KINDS:
            say(f"growth: {kind.name}")
            measured = replace(kind, block=1) if brief else kind
            found.append(await _measure(measured, at_small, at_large, rounds))
    return found


async def _measure(
    kind: Kind,
    small: tuple[Installation, People],
    large: tuple[Installation, People],
    rounds: int,
) -> Growth:
    await _round(kind, small[1], large[1])  # warms caches up
    walls: tuple[list[float], list[float]] = ([], [])
    cpu = [0.0, 0.0]
    ratios: list[float] = []
    for _ in range(rounds):
        measured = await _round(kind, small[1], large[1])
        medians = [statistics.median(wall for wall, _ in times) for times in measured]
        ratios.append(medians[1] / medians[0])
        for which, times in enumerate(measured):
            walls[which].extend(wall for wall, _ in times)
            cpu[which] += sum(spent for _, spent in times)
    blocks = (await _blocks(kind, *small), await _blocks(kind, *large))
    medians_ms = (statistics.median(walls[0]) * 1000, statistics.median(walls[1]) * 1000)
    return Growth(kind, medians_ms, ratios, cpu[1] / cpu[0], blocks)


async def _round(
    kind: Kind, small: People, large: People
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Send in turns, so that both sizes meet the same weather."""
    times: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    for number in range(kind.block):
        for which in (0, 1) if number % 2 else (1, 0):
            times[which].append(await _seconds(kind, (small, large)[which]))
    return times


async def _seconds(kind: Kind, people: People) -> tuple[float, float]:
    """Return the time that one request took, and the CPU time of this process in it."""
    began, spent = time.perf_counter(), time.process_time()
    answer = await kind.send(people)
    elapsed = time.perf_counter() - began, time.process_time() - spent
    assert answer.status_code == 200, f"{kind.name}: {answer.status_code} {answer.text}"
    return elapsed


async def _blocks(kind: Kind, built: Installation, people: People) -> float:
    """Return how many blocks PostgreSQL touched for one request, cached or not.

    A connection that ends hands in what it has counted.
    """
    await built.engine.dispose()
    before = await _count(built)
    for _ in range(kind.block):
        await _seconds(kind, people)
    await built.engine.dispose()
    return (await _count(built) - before) / kind.block


async def _count(built: Installation) -> int:
    engine: Any = create_async_engine(built.engine.url)
    try:
        async with engine.connect() as connection:
            # backends end after they have closed their socket
            others = text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            deadline = time.monotonic() + 10
            while await connection.scalar(others) and time.monotonic() < deadline:
                await connection.execute(text("SELECT pg_sleep(0.02)"))
            await connection.execute(text("SELECT pg_stat_clear_snapshot()"))
            return int(await connection.scalar(text(BLOCKS)))
    finally:
        await engine.dispose()
