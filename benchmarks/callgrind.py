"""Instructions of a steady request, counted by valgrind.

Counts repeat within about 1 % whatever else the machine does, so they are what a
change is judged by. They are of user space: the kernel's share is in the CPU rows.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from benchmarks.contenders import Contender
from benchmarks.processes import CHEAP_HASH, Settings, run
from benchmarks.scenarios import SCENARIOS, takes_part
from benchmarks.steady import MARKER

HOW_TO_INSTALL: Final = (
    "valgrind is not installed: rows of instructions are left out. "
    "On Debian and Ubuntu: apt-get install valgrind"
)

_TOTALS: Final = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)


def is_installed() -> bool:
    """Whether there is valgrind on the path."""
    return shutil.which("valgrind") is not None


def instructions(
    contender: Contender, settings: Settings, wanted: Sequence[str], *, windows: int, requests: int
) -> dict[str, list[int]]:
    """Return the instructions of one request, by scenario, one number per window.

    Raises:
        Failed: valgrind or the app ended with an error.
    """
    scenarios = [name for name in SCENARIOS if name in wanted and takes_part(contender, name)]
    with tempfile.TemporaryDirectory(prefix="fastauth-bench-") as folder:
        out = Path(folder) / "counts"
        command = [
            "valgrind",
            "--tool=callgrind",
            "--instr-atstart=no",
            f"--callgrind-out-file={out}",
            f"--dump-before={MARKER}",
            contender.python,
            "-m",
            "benchmarks.steady",
            json.dumps(asdict(contender) | {"environment": {}}),
            ",".join(scenarios),
            str(windows),
            str(requests),
        ]
        environment = settings.environment(contender, CHEAP_HASH) | {"BENCH_VALGRIND": "1"}
        run(command, environment, seconds=1800)
        counts = [_total(out.with_name(f"counts.{n}")) for n in _numbers(scenarios, windows)]
    return {
        name: [count // requests for count in counts[place * windows : (place + 1) * windows]]
        for place, name in enumerate(scenarios)
    }


def _numbers(scenarios: Sequence[str], windows: int) -> list[int]:
    """Number the dumps that hold windows: each scenario's first is what came before."""
    return [
        place * (windows + 1) + window + 2
        for place in range(len(scenarios))
        for window in range(windows)
    ]


def _total(dump: Path) -> int:
    return int(_TOTALS.findall(dump.read_text())[-1])
