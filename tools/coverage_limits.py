"""Compare what the tests reached with what they have to reach.

Usage: python -m tools.coverage_limits [REPORT.json]

Reads the report of ``coverage json``; without one, makes it from ``.coverage``.
Prints a table, and every line and branch below a limit. Ends with status 1 if a
limit is missed. Where a database was missing from the run, parts written for
it could not be reached: limits are then shown but not enforced. (With
REQUIRE_SERVERS=1, the test run itself fails in that case.)
"""

import json
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from coverage import Coverage, CoverageException

PACKAGE = "src/fastauth_kit/"
MISSING_SERVERS = Path(".pytest_cache/v/servers/missing")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A part of the package and the percentage it needs.

    Args:
        folder: Below ``PACKAGE``; empty for the whole.
        percent: Of lines, and of branches, each by itself.
    """

    folder: str
    percent: float

    @property
    def title(self) -> str:
        return self.folder or "everything"


LIMITS = (
    Limit(folder="core/", percent=100),
    Limit(folder="features/passwords/", percent=100),
    Limit(folder="features/sessions/", percent=100),
    Limit(folder="", percent=95),
)


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How much of a part was reached."""

    files: int
    lines: tuple[int, int]
    branches: tuple[int, int]

    def meets(self, percent: float) -> bool:
        return self.files > 0 and all(
            100 * reached >= percent * total for reached, total in (self.lines, self.branches)
        )


def reached(files: dict[str, Any], folder: str) -> Reached:
    """Add up the files of one folder."""
    summaries = [facts["summary"] for name, facts in files.items() if _is_in(name, folder)]
    return Reached(
        files=len(summaries),
        lines=(_sum(summaries, "covered_lines"), _sum(summaries, "num_statements")),
        branches=(_sum(summaries, "covered_branches"), _sum(summaries, "num_branches")),
    )


def gaps(files: dict[str, Any]) -> Iterable[str]:
    """Name each line and branch that was not reached."""
    for name, facts in sorted(files.items()):
        if not facts["executed_lines"] and facts["missing_lines"]:
            yield f"  {name}: nothing"
            continue
        # a branch that starts on a missing line is missing because of that line
        branches = [
            f"{start}->{'exit' if end < 0 else end}"
            for start, end in facts["missing_branches"]
            if start not in facts["missing_lines"]
        ]
        places = [*ranges(facts["missing_lines"]), *branches]
        if places:
            yield f"  {name}: {', '.join(places)}"


def ranges(lines: Iterable[int]) -> Iterable[str]:
    """Write 3, 4, 5, 9 as ``3-5`` and ``9``."""
    for _, run in groupby(enumerate(sorted(lines)), lambda pair: pair[1] - pair[0]):
        first, *rest = (line for _, line in run)
        yield f"{first}-{rest[-1]}" if rest else str(first)


def main(arguments: list[str]) -> int:
    try:
        report = json.loads(Path(arguments[0]).read_text()) if arguments else _report()
    except CoverageException as reason:
        print(f"There is nothing to compare: {reason}")
        return 1
    files: dict[str, Any] = report["files"]
    print(f"{'coverage':<22}{'lines':>20}{'branches':>20}{'needed':>9}")
    missed: list[Limit] = []
    for limit in LIMITS:
        part = reached(files, limit.folder)
        if not part.meets(limit.percent):
            missed.append(limit)
        verdict = "MISSED" if limit in missed else "ok"
        print(
            f"{limit.title:<22}{_share(part.lines):>20}{_share(part.branches):>20}"
            f"{limit.percent:>8.0f}%  {verdict}"
        )
    if missed:
        print("\nNot reached:")
        wanted = {name: facts for name, facts in files.items() if _in_any(name, missed)}
        print("\n".join(gaps(wanted)) or "  no file of it was measured at all")
    missing = json.loads(MISSING_SERVERS.read_text()) if MISSING_SERVERS.exists() else []
    if missed and missing:
        print(f"\nNot enforced: the tests ran without {', '.join(missing)}.")
        return 0
    return 1 if missed else 0


def _report() -> Any:
    coverage = Coverage()
    coverage.load()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "coverage.json"
        coverage.json_report(outfile=str(path))
        return json.loads(path.read_text())


def _is_in(name: str, folder: str) -> bool:
    return (PACKAGE + folder) in Path(name).as_posix()


def _in_any(name: str, limits: Iterable[Limit]) -> bool:
    return any(_is_in(name, limit.folder) for limit in limits)


def _sum(summaries: list[dict[str, Any]], field: str) -> int:
    return sum(int(summary[field]) for summary in summaries)


def _share(counts: tuple[int, int]) -> str:
    covered, total = counts
    # rounded down: 99.99 must not look like 100
    percent = int(1000 * covered / total) / 10 if total else 100.0
    return f"{covered} of {total} ({percent:.1f}%)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
