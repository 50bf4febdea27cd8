"""What every feature together costs: ``python -m benchmarks everything``.

Instructions of a steady request, with everything switched on, relative to the kit
with accounts, passwords and sessions alone.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.callgrind import HOW_TO_INSTALL, instructions, is_installed
from benchmarks.contenders import EVERYTHING, KIT
from benchmarks.databases import DATABASES, databases
from benchmarks.processes import CHEAP_HASH, Settings

REQUESTS: Final = ("me", "login", "refresh")
LIMIT: Final = 1.1
"""Of ``GET /users/me``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, print, and return 1 if ``GET /users/me`` costs too much."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks everything")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one")
    parser.add_argument("--short", action="store_true", help="tiny windows")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args(arguments)
    if not is_installed():
        print(HOW_TO_INSTALL)
        return 0
    found: dict[str, dict[str, list[float]]] = {}
    with databases(tuple(options.database or DATABASES), print) as there:
        for database in there:
            found[database.name] = _compare(database.url, short=options.short)
    for name, rows in found.items():
        for request, (foundation, everything) in rows.items():
            ratio = everything / foundation
            print(f"{name:12} {request:8} {foundation:.3f} M -> {everything:.3f} M  {ratio:.3f}x")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return int(any(rows["me"][1] > LIMIT * rows["me"][0] for rows in found.values()))


def _compare(database_url: str, *, short: bool) -> dict[str, list[float]]:
    """Return millions of instructions by request: the foundation's, and everything's."""
    settings = Settings(database_url=database_url)
    windows, requests = (1, 2) if short else (3, 20)
    counts: list[dict[str, list[int]]] = []
    for contender in (KIT, EVERYTHING):
        settings.fill(contender, {CHEAP_HASH: 64})
        counts.append(
            instructions(contender, settings, REQUESTS, windows=windows, requests=requests)
        )
    return {name: [median(count[name]) / 1e6 for count in counts] for name in REQUESTS}
