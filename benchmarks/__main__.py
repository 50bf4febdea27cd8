"""The command: ``python -m benchmarks [ROW ...]``, or ``make bench``."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks import everything, timing
from benchmarks.bench import SHORT, Bench, Effort
from benchmarks.contenders import BARE, HOW_TO_INSTALL, Contender, others
from benchmarks.counting import counting
from benchmarks.databases import DATABASES, Database, databases
from benchmarks.hash_rate import at_default_hash
from benchmarks.importing import importing
from benchmarks.memory import memory
from benchmarks.processes import CHEAP_HASH, Settings
from benchmarks.rows import BY_NAME, ROWS, Result
from benchmarks.surroundings import surroundings
from benchmarks.table import plain, write
from benchmarks.throughput import throughput

ON_EACH_DATABASE: Final = (counting, throughput, at_default_hash, memory)
ACCOUNTS_WITH_DEFAULT_HASH: Final = 100

BESIDE_THE_TABLE: Final = {"everything": everything.main, "timing": timing.main}
"""Measurements with a report of their own, by the first word."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write what was asked for; 1 if something broke."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words and words[0] in BESIDE_THE_TABLE:
        return BESIDE_THE_TABLE[words[0]](words[1:])
    options = _parse(words)
    if options.list:
        print("\n".join(f"{row.name:22} {row.title}" for row in ROWS))
        return 0
    contenders = () if options.no_others else others()
    if not contenders and not options.no_others:
        _say(HOW_TO_INSTALL)
    results: list[Result] = []
    failures: list[str] = []
    began = time.monotonic()
    with databases(tuple(options.database or DATABASES), _say) as found:
        facts = surroundings(found)
        for bench, measure in _measurements(options, found, contenders):
            try:
                results += measure(bench)
            except Exception as error:  # noqa: BLE001  # the other rows are still of use
                failures.append(f"{bench.database} {measure.__name__}: {_told(error)}")
    facts["duration"] = f"{(time.monotonic() - began) / 60:.1f} minutes"
    print("\n".join(f"{name}: {fact}" for name, fact in facts.items()), end="\n\n")
    print(plain(results))
    if options.json:
        _write_json(options.json, results, facts)
    if options.write:
        if lacking := not_measured(results):
            failures.append(f"{options.write} stays as it was, without {', '.join(lacking)}")
        else:
            write(options.write, results, facts)
    for failure in failures:
        print(f"\nFAILED: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _measurements(
    options: argparse.Namespace, found: Sequence[Database], contenders: tuple[Contender, ...]
) -> Iterator[tuple[Bench, Callable[[Bench], Iterator[Result]]]]:
    effort = SHORT if options.short else Effort()
    wanted = frozenset(_selected(options.rows))
    nowhere = Bench(
        database="",
        settings=Settings(database_url="sqlite://"),
        effort=effort,
        wanted=wanted,
        others=contenders,
        say=_say,
    )
    yield nowhere, importing
    if wanted.isdisjoint(row.name for row in ROWS if row.each_database):
        return
    for database in found:
        settings = Settings(database_url=database.url)
        bench = replace(nowhere, database=database.name, settings=settings)
        yield bench, _fill
        for measure in ON_EACH_DATABASE:
            yield bench, measure


def _fill(bench: Bench) -> Iterator[Result]:
    _say(f"{bench.database}: making accounts")
    few = {bench.effort.default_hash: ACCOUNTS_WITH_DEFAULT_HASH}
    # the same module means the same tables
    for contender in {contender.module: contender for contender in bench.contenders}.values():
        bench.settings.fill(contender, few | {CHEAP_HASH: bench.effort.accounts})
    yield from ()


def _selected(rows: Sequence[str]) -> list[str]:
    """Return the names of rows that begin as one of those given; all, if none is."""
    names = [name for name in BY_NAME if not rows or name.startswith(tuple(rows))]
    unknown = [given for given in rows if not any(name.startswith(given) for name in BY_NAME)]
    if unknown:
        raise SystemExit(f"No row begins with {', '.join(unknown)}. There are: {', '.join(names)}")
    return names


def not_measured(results: Sequence[Result]) -> list[str]:
    """Name the rows that have no figure of the kit on a database they should have one on."""
    there = {(result.row.name, result.database) for result in results if result.contender == "kit"}
    return [
        f"{row.name} {database}".strip()
        for row in ROWS
        for database in (DATABASES if row.each_database else ("",))
        if (row.name, database) not in there
    ]


def _write_json(file: Path, results: Sequence[Result], facts: dict[str, str]) -> None:
    lines = [_as_json(result) for result in results]
    file.write_text(json.dumps({"facts": facts, "results": lines}, indent=1))


def _as_json(result: Result) -> dict[str, Any]:
    row = result.row
    return {
        "row": row.name,
        "database": result.database,
        "contender": result.contender,
        "unit": row.unit,
        "hold": row.hold,
        "reach": row.reach,
        "median": result.value,
        "min": min(result.values),
        "max": max(result.values),
        "rounds": list(result.values),
        "verdict": result.verdict,
        "own": result.own,
        "bare": result.base,
        "measured_in": result.measured_in,
    }


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"The kit against a hand-written app ({BARE.module}), in one run.",
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="begin of a row's name; see --list")
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one")
    parser.add_argument("--short", action="store_true", help="tiny rounds, to see that it works")
    parser.add_argument("--no-others", action="store_true", help="leave fastapi-users out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="put the tables between the markers of a page"
    )
    options = parser.parse_args(arguments)
    if options.write and (options.short or options.rows or options.database or options.no_others):
        parser.error("--write is for a whole run: no rows, --database, --short or --no-others")
    return options


def _told(error: BaseException) -> str:
    """Return the errors of a group's members too."""
    members = getattr(error, "exceptions", ())
    told = dict.fromkeys(_told(member) for member in members)
    return "; ".join(told) or f"{type(error).__name__}: {error}"


def _say(text: str) -> None:
    """Tell how far it is, apart from the figures."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    # end as after Ctrl-C: with servers stopped and databases dropped
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
