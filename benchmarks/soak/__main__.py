"""``make soak``: twenty minutes of mixed traffic against one uvicorn worker.

Needs Linux, for ``/proc``, and PostgreSQL, where it makes a database of its own.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.scale.app import DATABASE_VARIABLE, HASH_VARIABLE, Base, build
from benchmarks.scale.databases import new_database, server_url
from benchmarks.scale.server import Server, serving
from benchmarks.soak.report import graph, kinds, section
from benchmarks.soak.traffic import PASSWORD, ROOT, Actor, Journal, administer, live
from benchmarks.soak.verdicts import Verdict, judge, minutes
from benchmarks.soak.watching import Sample, Watcher
from fastauth_kit import Accounts

ACTORS = 12
PAUSE_SECONDS = 0.2
INTERVALS = 60.0


def say(what: str) -> None:
    """Tell on stderr how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


async def prepare(url: str) -> None:
    """Make the tables and the administrator."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
    built = build(url)
    await built.auth.run(
        built.maker,
        lambda work: built.auth.feature(Accounts).create(
            work, email=ROOT, password=PASSWORD, is_superuser=True
        ),
    )
    await built.auth.aclose()
    await built.engine.dispose()


async def soak(
    server: Server, url: str, seconds: float, every: float
) -> tuple[Journal, list[Sample], Sample]:
    """Let everybody live, watch, and look once more when all is quiet."""
    journal = Journal()
    watcher = Watcher(server, url)

    def actor() -> Actor:
        return Actor(server.port, journal, PAUSE_SECONDS, seconds)

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watcher.watch(journal, every, seconds))
        group.create_task(administer(actor()))
        for number in range(ACTORS):
            group.create_task(live(actor(), f"person{number}"))
        group.create_task(_tell(journal, seconds))
    last = await watcher.look_when_quiet(journal)
    await watcher.close()
    return journal, watching.result(), last


async def _tell(journal: Journal, seconds: float) -> None:
    while journal.elapsed() < seconds:
        await asyncio.sleep(min(60, max(0.1, seconds - journal.elapsed())))
        say(
            f"{journal.elapsed() / 60:.1f} min: {len(journal.requests):,} requests, "
            f"{len(journal.errors)} errors"
        )


async def run(seconds: float, every: float, out: Path | None) -> list[Verdict]:
    """Run it, print and write what was seen."""
    async with new_database(server_url()) as url:
        await prepare(url)
        variables = {DATABASE_VARIABLE: url, HASH_VARIABLE: "default"}
        async with serving("benchmarks.scale.app:serve", **variables) as server:
            journal, samples, last = await soak(server, url, seconds, every)
    length = min(INTERVALS, seconds / 5)
    # what the last lives still had to do belongs to no interval
    intervals = [found for found in minutes(journal, length) if found.number * length < seconds]
    verdicts = judge(journal, samples, last, seconds)
    text = section(seconds, journal, intervals, samples, verdicts, length=length)
    print(text)
    print(", ".join(f"{kind} {count}" for kind, count in kinds(journal).items()))
    if out is not None:
        _write(out, text, graph(intervals, samples, length=length))
    for error in journal.errors[:10]:
        say(error)
    return verdicts


def _write(out: Path, text: str, picture: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "soak.md").write_text(text, "utf-8")
    (out / "soak.svg").write_text(picture, "utf-8")


def main() -> int:
    """Fail if anything that must hold does not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--seconds", type=float, default=20 * 60)
    parser.add_argument("--every", type=float, default=5, help="seconds between two samples")
    parser.add_argument("--out", type=Path, help="folder for soak.md and soak.svg")
    options = parser.parse_args()
    verdicts = asyncio.run(run(options.seconds, options.every, options.out))
    return 1 if any(found.holds is False for found in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
