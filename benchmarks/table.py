"""Results as tables: for the terminal, and for the documentation."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from benchmarks.rows import ROWS, Result, Row

BEGIN: Final = "<!-- begin: made by python -m benchmarks --write -->"
END: Final = "<!-- end -->"

HEADINGS: Final = ("row", "measure", "hold", "reach for", "median (min..max)", "", "kit", "bare")
HEADINGS_OF_OTHERS: Final = ("row", "contender", "median (min..max)", "its own", "bare beside it")


def plain(results: Sequence[Result]) -> str:
    """Return the tables for a terminal."""
    parts = []
    for title, headings, lines in _tables(results):
        table = [[cell.replace("`", "") for cell in line] for line in [headings, *lines]]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        rows = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in table]
        parts.append("\n".join([title, *(row.rstrip() for row in rows)]))
    return "\n\n".join(parts)


def markdown(results: Sequence[Result], facts: Mapping[str, str]) -> str:
    """Return what is written into the documentation."""
    parts = ["\n".join(f"- {name}: {fact}" for name, fact in facts.items())]
    for title, headings, lines in _tables(results):
        rule = ["---"] * len(headings)
        marked = [[f"`{line[0]}`", *line[1:]] for line in lines]
        table = "\n".join(f"| {' | '.join(line)} |" for line in [headings, rule, *marked])
        parts.append(f"### {title}\n\n{table}")
    return "\n\n".join(parts)


def write(page: Path, results: Sequence[Result], facts: Mapping[str, str]) -> None:
    """Replace what is between the two markers of a page."""
    before, found, rest = page.read_text().partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise SystemExit(f"{page} lacks the lines {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{markdown(results, facts)}\n\n{END}{after}")


def _tables(results: Sequence[Result]) -> Iterator[tuple[str, Sequence[str], list[list[str]]]]:
    kit = [result for result in results if result.contender == "kit"]
    others = [result for result in results if result.contender != "kit"]
    for database, rows in groupby(_sorted(kit), key=lambda result: result.database):
        yield database or "Any database", HEADINGS, [_line(result) for result in rows]
    for database, rows in groupby(_sorted(others), key=lambda result: result.database):
        lines = [_line_of_other(result) for result in rows]
        yield f"{database}, the other contenders", HEADINGS_OF_OTHERS, lines


def _sorted(results: Sequence[Result]) -> list[Result]:
    databases = list(dict.fromkeys(result.database for result in results))
    names = [row.name for row in ROWS]
    return sorted(
        results, key=lambda result: (databases.index(result.database), names.index(result.row.name))
    )


def _line(result: Result) -> list[str]:
    row = result.row
    return [
        row.name,
        row.title,
        _limit(row, row.hold),
        _limit(row, row.reach),
        _spread(result),
        result.verdict,
        *_absolutes(result),
    ]


def _line_of_other(result: Result) -> list[str]:
    return [result.row.name, result.contender, _spread(result), *_absolutes(result)]


def _limit(row: Row, limit: float | None) -> str:
    if limit is None:
        return ""
    return f"{'>=' if row.at_least else '<='} {limit:g}{_unit(row)}"


def _unit(row: Row) -> str:
    return "x" if row.unit == "x" else f" {row.unit}"


def _spread(result: Result) -> str:
    low, middle, high = min(result.values), result.value, max(result.values)
    digits = 2 if result.row.unit == "x" else 1
    return f"{middle:.{digits}f}{_unit(result.row)} ({low:.{digits}f}..{high:.{digits}f})"


def _absolutes(result: Result) -> tuple[str, str]:
    base = "" if result.base is None else f"{_figure(result.base)} {result.measured_in}"
    return f"{_figure(result.own)} {result.measured_in}", base


def _figure(value: float) -> str:
    """Three digits, and no more before the point than it takes."""
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
