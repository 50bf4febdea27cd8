"""Requests per second, and the server's CPU for each: 32 clients without pause."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from benchmarks.bench import Bench
from benchmarks.load import Crowd, Load
from benchmarks.loop import run
from benchmarks.processes import CHEAP_HASH
from benchmarks.rows import Result
from benchmarks.scenarios import SCENARIOS, takes_part
from benchmarks.server import Server

Loads = dict[str, list[Load]]

ROWS_OF: Final = {
    "me": ("me-cpu",),
    "claims": ("claims-cpu",),
    "login": ("login-rate", "login-cpu"),
    "refresh": ("refresh-rate", "refresh-cpu"),
    "register": ("register-rate",),
}


def throughput(bench: Bench) -> Iterator[Result]:
    """Compare servers that hash with the cheapest parameters."""
    wanted = [name for name, rows in ROWS_OF.items() if bench.wants(*rows)]
    if not wanted:
        return
    with bench.servers(CHEAP_HASH) as servers:
        for scenario in wanted:
            bench.say(f"{bench.database}: {scenario}")
            loads = run(_rounds(bench, servers, scenario))
            yield from _results(bench, scenario, loads)


def _results(bench: Bench, scenario: str, loads: Loads) -> Iterator[Result]:
    cpu = {name: [load.cpu_ms for load in rounds] for name, rounds in loads.items()}
    rate = {name: [load.per_second for load in rounds] for name, rounds in loads.items()}
    for row in ROWS_OF[scenario]:
        if row.endswith("-cpu"):
            yield from bench.ratios(row, cpu, measured_in="ms")
        else:
            yield from bench.ratios(row, rate, measured_in="/s")


async def _rounds(bench: Bench, servers: Sequence[Server], scenario: str) -> Loads:
    loads: Loads = defaultdict(list)
    part = [server for server in servers if takes_part(server.contender, scenario)]
    async with _crowds(part, scenario, bench.effort.connections) as crowds:
        for number in range(bench.effort.rounds):
            for server, crowd in zip(part, crowds, strict=True):
                if bench.takes_part(server.contender, number):
                    load = await crowd.lasting(bench.effort.seconds)
                    loads[server.contender.name].append(load)
    return loads


@asynccontextmanager
async def _crowds(
    servers: Sequence[Server], scenario: str, size: int
) -> AsyncIterator[list[Crowd]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(Crowd(server, SCENARIOS[scenario], size))
            for server in servers
        ]
