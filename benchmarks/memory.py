"""Memory after the start, and what a crowd of logins adds to it.

Resident memory, of servers that are started for this alone. What two processes
share (libc, the interpreter) counts for both, so it is no part of a difference.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from benchmarks.bench import Bench
from benchmarks.contenders import KIT, Contender
from benchmarks.load import Crowd
from benchmarks.loop import run
from benchmarks.rows import Result
from benchmarks.scenarios import login, me, register
from benchmarks.server import Server

FIRST_REQUESTS: Final = 50

Figures = dict[str, list[float]]


def memory(bench: Bench) -> Iterator[Result]:
    """Measure each contender in turn, with nobody else's server running."""
    if not bench.wants("memory-start", "memory-peak"):
        return
    start: Figures = defaultdict(list)
    peak: Figures = defaultdict(list)
    for number in range(bench.effort.slow_rounds):
        bench.say(f"{bench.database}: memory, round {number + 1}")
        for contender in bench.contenders:
            if bench.takes_part(contender, number):
                _measure(bench, contender, start, peak)
    if not start:
        bench.say("Rows of memory are left out: only Linux tells (/proc/self/smaps_rollup).")
        return
    yield from _results(bench, start, peak)


def _measure(bench: Bench, contender: Contender, start: Figures, peak: Figures) -> None:
    with Server(contender, bench.settings, bench.effort.default_hash) as server:
        run(_first_requests(server))
        after = server.usage()
        if after.resident is None:
            return
        run(_logins(server, bench.effort.in_flight))
        start[contender.name].append(after.resident)
        peak[contender.name].append(server.usage().peak - after.resident)


def _results(
    bench: Bench, start: Mapping[str, Sequence[float]], peak: Mapping[str, Sequence[float]]
) -> Iterator[Result]:
    for contender in bench.contenders:
        own, base = start[contender.name], start[contender.against]
        if bench.wants("memory-start") and contender.name != contender.against:
            more = [mine - theirs for mine, theirs in zip(own, base, strict=False)]
            yield bench.result("memory-start", contender, more, own, base, measured_in="MiB")
        if bench.wants("memory-peak"):
            added = peak[contender.name]
            beside = peak[contender.against] if contender is KIT else None
            yield bench.result("memory-peak", contender, added, added, beside, measured_in="MiB")


async def _first_requests(server: Server) -> None:
    """What an app that has been running for a moment has done once."""
    async with Crowd(server, register, 1), Crowd(server, me, 1) as reader:
        await reader.requests(FIRST_REQUESTS)


async def _logins(server: Server, in_flight: int) -> None:
    """Log in twice at each of so many connections, all at once."""
    async with Crowd(server, login, in_flight):
        pass
