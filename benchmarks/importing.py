"""What ``import fastauth_kit`` costs whoever has FastAPI and SQLAlchemy already."""

import sys
import tempfile
from collections.abc import Iterator
from typing import Final

from benchmarks.bench import Bench
from benchmarks.contenders import KIT
from benchmarks.processes import CHEAP_HASH, run
from benchmarks.rows import Result

_PROGRAM: Final = """
import time
import fastapi, sqlalchemy
began = time.process_time()
import fastauth_kit
print(1000 * (time.process_time() - began))
"""


def importing(bench: Bench) -> Iterator[Result]:
    """Measure with bytecode that an earlier import has left."""
    if not bench.wants("import-cpu"):
        return
    bench.say("import")
    with tempfile.TemporaryDirectory(prefix="fastauth-bench-") as bytecode:
        environment = bench.settings.environment(KIT, CHEAP_HASH) | {
            "PYTHONPYCACHEPREFIX": bytecode,
            "PYTHONDONTWRITEBYTECODE": "",
        }
        took = [
            float(run([sys.executable, "-c", _PROGRAM], environment))
            for _ in range(bench.effort.rounds + 1)
        ][1:]
    yield bench.result("import-cpu", KIT, took, took, None, measured_in="ms")
