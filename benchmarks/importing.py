"""What ``import fastauth_kit`` costs whoever has FastAPI and SQLAlchemy already."""

import sys
from collections.abc import Iterator
from typing import Final

from benchmarks.bench import Bench
from benchmarks.contenders import KIT
from benchmarks.processes import CHEAP_HASH, run
from benchmarks.rows import Result

_BEFORE: Final = {
    "import-cpu": "fastapi, sqlalchemy",
    # a caller's app has its tables and its engine from there, whatever it signs in with
    "import-beside-app": "fastapi, sqlalchemy.orm, sqlalchemy.ext.asyncio",
}

_PROGRAM: Final = """
import time
import {before}
began = time.process_time()
import fastauth_kit
print(1000 * (time.process_time() - began))
"""


def importing(bench: Bench) -> Iterator[Result]:
    """Measure with bytecode that an earlier import has left."""
    wanted = [row for row in _BEFORE if bench.wants(row)]
    if not wanted:
        return
    bench.say("import")
    environment = bench.settings.environment(KIT, CHEAP_HASH) | {"PYTHONDONTWRITEBYTECODE": ""}
    # the first one writes the bytecode, if nobody has yet
    _import(wanted[0], environment)
    rounds = [
        {row: _import(row, environment) for row in wanted} for _ in range(bench.effort.rounds)
    ]
    for row in wanted:
        took = [times[row] for times in rounds]
        yield bench.result(row, KIT, took, took, None, measured_in="ms")


def _import(row: str, environment: dict[str, str]) -> float:
    program = _PROGRAM.format(before=_BEFORE[row])
    return float(run([sys.executable, "-c", program], environment))
