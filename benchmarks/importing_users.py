"""How fast accounts are imported, and how much memory it takes.

Usage: python -m benchmarks.importing_users [ROWS]

Each import runs in a process of its own, so that its peak of memory is its own.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from functools import partial

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from benchmarks.databases import databases
from benchmarks.scale.app import Base, build
from fastauth_kit.surfaces.importing import ImportOptions, Record, import_users

ROWS = 100_000
HASH = "$2b$12$abcdefghijklmnopqrstuuUhgzkm6y21eTfCmM5.XAQi9yzyXNROu"


class Generated:
    """Rows as a file of JSON lines gives them."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    async def records(self) -> AsyncIterator[Record]:
        for line in range(1, self._rows + 1):
            row = {
                "id": line,
                "email": f"user{line}@example.com",
                "hashed_password": HASH,
                "is_verified": True,
                "created_at": "2019-05-06T07:08:09+00:00",
                "name": f"User {line}",
            }
            yield Record(line, row)


async def measure(url: str, rows: int) -> dict[str, float]:
    """Import into empty tables, and again into full ones."""
    auth = build(url).auth
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    run = partial(auth.run, async_sessionmaker(engine))
    seconds: list[float] = []
    for _ in range(2):
        begun = time.perf_counter()
        report = await import_users(auth, run, Generated(rows), ImportOptions())
        seconds.append(time.perf_counter() - begun)
        assert report.is_complete, report.as_json()
    await auth.aclose()
    await engine.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"first": rows / seconds[0], "again": rows / seconds[1], "peak_mib": peak}


def main() -> None:
    """Print a row for each database."""
    if len(sys.argv) == 4:  # in a process of its own
        print(json.dumps(asyncio.run(measure(sys.argv[2], int(sys.argv[3])))))
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print("| database | rows | rows/s | rows/s, all there already | peak memory |")
    print("|---|---|---|---|---|")
    with databases(("sqlite", "postgresql"), print) as found:
        for database in found:
            command = [sys.executable, "-m", __spec__.name, "--child", database.url, str(rows)]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603  # ourselves
            seen = json.loads(done.stdout)
            print(
                f"| {database.product} | {rows:,} | {seen['first']:,.0f} | "
                f"{seen['again']:,.0f} | {seen['peak_mib']:.0f} MiB |"
            )


if __name__ == "__main__":
    main()
