"""Instructions of everybody's requests, as many processes at once as there are cores."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks.bench import Bench
from benchmarks.callgrind import HOW_TO_INSTALL, instructions, is_installed
from benchmarks.contenders import Contender
from benchmarks.processes import end_running
from benchmarks.rows import CORES, Result
from benchmarks.scenarios import SCENARIOS

_SUFFIX: Final = "-instructions"


def counting(bench: Bench) -> Iterator[Result]:
    """Compare counts; they do not mind what else the machine does."""
    wanted = [name for name in SCENARIOS if bench.wants(name + _SUFFIX)]
    if not wanted:
        return
    if not is_installed():
        bench.say(HOW_TO_INSTALL)
        return
    bench.say(f"{bench.database}: instructions of {', '.join(wanted)} (a minute or two)")
    effort = bench.effort

    def count(contender: Contender) -> dict[str, list[int]]:
        return instructions(
            contender,
            bench.settings,
            wanted,
            windows=effort.windows,
            requests=effort.window,
        )

    with ThreadPoolExecutor(CORES) as pool:
        futures = {each.name: pool.submit(count, each) for each in bench.contenders}
        try:
            counts = {name: future.result() for name, future in futures.items()}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_running()
            raise
    for name in wanted:
        millions = {
            contender: [number / 1e6 for number in found[name]]
            for contender, found in counts.items()
            if name in found
        }
        yield from bench.ratios(name + _SUFFIX, millions, measured_in="M")
