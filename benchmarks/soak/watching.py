"""What the process and the database look like, every few seconds."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks.scale.client import Connection
from benchmarks.scale.server import Server
from benchmarks.soak.traffic import Journal

QUIET_SECONDS = 5

CONNECTIONS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class Sample:
    """One look. Memory is in MiB; ``blocks`` are those of Python's own allocator."""

    at: float
    rss: float
    pss: float
    threads: int
    files: int
    checked_out: int
    blocks: int
    connections: int


class Watcher:
    """Looks at a server, from Linux's ``/proc``, from inside, and from the database."""

    def __init__(self, server: Server, url: str) -> None:
        self._process = Path("/proc") / str(server.pid)
        self._inside = Connection(server.port)
        self._engine: AsyncEngine = create_async_engine(url, pool_size=1, max_overflow=0)

    async def look(self, at: float) -> Sample:
        """Take one sample."""
        memory = _numbers(self._process / "smaps_rollup")
        inside = (await self._inside.send("GET", "/inside")).json()
        async with self._engine.connect() as connection:
            connections = int(await connection.scalar(CONNECTIONS))
        return Sample(
            at=at,
            rss=memory["Rss"] / 1024,
            pss=memory["Pss"] / 1024,
            threads=_numbers(self._process / "status")["Threads"],
            files=sum(1 for _ in (self._process / "fd").iterdir()),
            checked_out=inside["checked_out"],
            blocks=inside["blocks"],
            connections=connections,
        )

    async def watch(self, journal: Journal, every: float, until: float) -> list[Sample]:
        """Take samples until the time is up."""
        samples: list[Sample] = []
        while journal.elapsed() < until:
            samples.append(await self.look(journal.elapsed()))
            await asyncio.sleep(every)
        return samples

    async def look_when_quiet(self, journal: Journal) -> Sample:
        """Take a sample when nothing is checked out any more, or after some patience.

        The last answers have left before their sessions were closed.
        """
        deadline = journal.elapsed() + QUIET_SECONDS
        while True:
            sample = await self.look(journal.elapsed())
            if sample.checked_out == 0 or journal.elapsed() > deadline:
                return sample
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        await self._inside.close()
        await self._engine.dispose()


def _numbers(file: Path) -> dict[str, int]:
    """Read the lines of a file in ``/proc`` that say ``Name:  number``."""
    found: dict[str, int] = {}
    for line in file.read_text("utf-8").splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if words and words[0].isdecimal():
            found[name] = int(words[0])
    return found
