"""``make scale``: growth to 10^6 users and 10^7 sessions, and pruning of 10^6 rows.

Builds its tables in databases of its own on PostgreSQL (about 4 GB), and drops
them. ``--short`` does the same with little, to see that everything runs.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scale.databases import new_database, server_url
from benchmarks.scale.filling import Size, fill
from benchmarks.scale.growth import Growth, measure_growth
from benchmarks.scale.pruning import Pruning, measure_pruning
from benchmarks.scale.report import growth_section, pruning_section


@dataclass(frozen=True)
class Plan:
    """How much of everything.

    Args:
        phases: Turns of load alone and load beside pruning.
        phase_seconds: How long each of them takes.
    """

    small: Size
    large: Size
    rounds: int
    members: int
    phases: int
    phase_seconds: float


LONG = Plan(Size(10_000), Size(1_000_000), rounds=15, members=400, phases=6, phase_seconds=10)
SHORT = Plan(Size(1_000), Size(10_000), rounds=1, members=40, phases=1, phase_seconds=0.5)


def say(what: str) -> None:
    """Tell on stderr how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


async def measure(plan: Plan) -> tuple[list[Growth], Pruning]:
    """Build, measure and drop."""
    server = server_url()
    async with new_database(server) as small, new_database(server) as large:
        for url, size in ((small, plan.small), (large, plan.large)):
            say(f"making {size}")
            await fill(url, size)
        growth = await measure_growth(
            small,
            large,
            rounds=plan.rounds,
            members=plan.members,
            brief=plan is SHORT,
            say=say,
        )
        pruning = await measure_pruning(
            large,
            rows=plan.large.sessions,
            phases=plan.phases,
            seconds=plan.phase_seconds,
            members=plan.members,
            say=say,
        )
    return growth, pruning


def main() -> int:
    """Print the section; fail if a limit was missed or a request failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("--short", action="store_true", help="little of everything, no verdict")
    parser.add_argument("--out", type=Path, help="write the section to this file too")
    options = parser.parse_args()
    plan = SHORT if options.short else LONG
    growth, pruning = asyncio.run(measure(plan))
    grown = growth_section(plan.small, plan.large, growth, judged=not options.short)
    section = f"{grown}\n\n{pruning_section(pruning)}\n"
    print(section)
    if options.out:
        options.out.write_text(section, "utf-8")
    failed = pruning.quiet.errors + pruning.beside.errors
    for error in failed[:10]:
        say(error)
    missed = [] if options.short else [found.kind.name for found in growth if not found.holds]
    for name in missed:
        say(f"over the limit: {name}")
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
