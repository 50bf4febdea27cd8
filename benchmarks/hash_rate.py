"""Logins per second with the default hash, as a part of what the machine hashes."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from argon2 import PasswordHasher

from benchmarks.bench import Bench
from benchmarks.contenders import BARE_WITH_POOL
from benchmarks.load import Crowd
from benchmarks.loop import run
from benchmarks.rows import CORES, Result
from benchmarks.scenarios import PASSWORD, login
from benchmarks.server import Server
from benchmarks.storm import storm

CLIENTS: Final = 16


def at_default_hash(bench: Bench) -> Iterator[Result]:
    """Measure what needs servers that hash as they would in earnest."""
    if bench.wants("logins", "storm-p99"):
        bench = replace(bench, others=(BARE_WITH_POOL, *bench.others))
        with bench.servers(bench.effort.default_hash) as servers:
            yield from logins(bench, servers)
            yield from storm(bench, servers)


def logins(bench: Bench, servers: Sequence[Server]) -> Iterator[Result]:
    """Compare everybody with threads that do nothing but hash, as many as cores."""
    if not bench.wants("logins"):
        return
    machine: list[float] = []
    rates: dict[str, list[float]] = defaultdict(list)
    seconds = bench.effort.login_seconds
    for number in range(bench.effort.slow_rounds):
        bench.say(f"{bench.database}: logins, round {number + 1}")
        machine.append(machine_rate(bench.effort.default_hash, seconds))
        for server in servers:
            if bench.takes_part(server.contender, number):
                rates[server.contender.name].append(run(_rate(server, seconds)))
    for contender in bench.contenders:
        own = rates[contender.name]
        parts = [mine / hashes for mine, hashes in zip(own, machine, strict=False)]
        yield bench.result("logins", contender, parts, own, machine, measured_in="/s")


async def _rate(server: Server, seconds: float) -> float:
    async with Crowd(server, login, CLIENTS) as crowd:
        return (await crowd.lasting(seconds)).per_second


def machine_rate(parameters: str, seconds: float) -> float:
    """Return how many passwords a second this machine can verify on all cores."""
    memory, passes, lanes = (int(cost) for cost in parameters.split(","))
    hasher = PasswordHasher(memory_cost=memory, time_cost=passes, parallelism=lanes)
    stored = hasher.hash(PASSWORD)
    began = time.perf_counter()

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < began + seconds:
            hasher.verify(stored, PASSWORD)
            done += 1
        return done

    threads = CORES or 1
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    return done / (time.perf_counter() - began)
