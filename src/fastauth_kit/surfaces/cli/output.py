"""What commands print: JSON lines for scripts, tables for people."""

import json
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fastauth_kit.core.text import printable

AsJson = Annotated[bool, typer.Option("--json", help="For scripts: JSON, one object per line.")]

LONGEST_CELL = 320


def survive_any_terminal() -> None:
    """Print what a terminal's character set lacks as an escape, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: Any) -> None:
    """Print one line of JSON, in ASCII: it survives every pipe."""
    typer.echo(json.dumps(value))


def print_table(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print a table as wide as the terminal."""
    table = Table(expand=True)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(cell, row))
    Console().print(table)


def print_facts(facts: Iterable[tuple[str, Any]]) -> None:
    """Print names and values, one pair per line."""
    table = Table(show_header=False, box=None)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(cell(name), cell(value))
    Console().print(table)


def cell(value: Any) -> Text:
    """Return a value as it may be shown: no markup, no control codes of a terminal."""
    if value is None:
        return Text("-")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    return Text(printable(str(value), at_most=LONGEST_CELL))
