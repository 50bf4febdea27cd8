"""The report of an import, for people."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from fastauth_kit.surfaces.importing import Report, Tally


def print_report(report: Report, console: Console) -> None:
    """Print what was done, or what would be."""
    table = Table("rows", Column("what", overflow="fold"), Column("lines", overflow="fold"))
    table.add_row(str(report.read), "read", "")
    done = "would be imported" if report.dry_run else "imported"
    table.add_row(str(report.imported), done, "")
    table.add_row(str(report.already_there), "already there", "")
    _add(table, report.left_out, "left out: ")
    _add(table, report.noted, "")
    console.print(table)
    # plain text: what stands in a source is no markup
    if report.unknown_columns:
        columns = ", ".join(sorted(set(report.unknown_columns)))
        console.print(Text(f"Columns left out, which the table does not have: {columns}"))
    if report.superusers:
        console.print(Text(f"Superusers: {', '.join(report.superusers)}"))
    if report.dry_run:
        console.print("Nothing was written.")


def _add(table: Table, tallies: Mapping[str, Tally], before: str) -> None:
    for what, tally in tallies.items():
        more = ", ..." if tally.count > len(tally.lines) else ""
        table.add_row(str(tally.count), Text(before + what), ", ".join(tally.lines) + more)
