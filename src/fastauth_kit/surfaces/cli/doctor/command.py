"""The command: every check, and a status for pipelines."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy.orm import Session

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.work import Work
from fastauth_kit.surfaces.cli.doctor import database, settings
from fastauth_kit.surfaces.cli.doctor.finding import Finding, Level
from fastauth_kit.surfaces.cli.doctor.live import tables_of
from fastauth_kit.surfaces.cli.doctor.schema import check_table
from fastauth_kit.surfaces.cli.installation import Installation, operate
from fastauth_kit.surfaces.cli.output import AsJson, cell, print_json

STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.OK: "green"}


def doctor(
    context: typer.Context,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings, with 2.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the live schema and the settings with what the features need.

    Changes nothing. Status 0: nothing is wrong; 1: errors; with --strict 2: warnings.
    """
    findings = operate(context, _examine)
    for finding in findings:
        _print(finding, as_json=as_json)
    counts = Counter(finding.level for finding in findings)
    if not as_json:
        typer.echo(f"{counts[Level.ERROR]} errors, {counts[Level.WARNING]} warnings")
    if counts[Level.ERROR]:
        raise typer.Exit(1)
    if strict and counts[Level.WARNING]:
        raise typer.Exit(2)


async def _examine(installation: Installation) -> list[Finding]:
    async def look(work: Work) -> list[Finding]:
        return await work.read(partial(_of_the_database, installation.auth))

    of_settings = [f for check in settings.CHECKS for f in check(installation.auth)]
    return [*of_settings, *await installation.run(look)]


def _of_the_database(auth: AuthKit[Any], session: Session) -> list[Finding]:
    return list(_look(auth, session))


def _look(auth: AuthKit[Any], session: Session) -> Iterator[Finding]:
    connection = session.connection(bind_arguments={"mapper": auth.user_model})
    for table in tables_of(auth):
        yield from check_table(connection, table)
    for check in database.CHECKS:
        yield from check(connection, auth)


def _print(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        print_json({name: getattr(finding, name) for name in Finding.__slots__})
        return
    line = Text.assemble((f"{finding.level:<8}", STYLES[finding.level]))
    line.append_text(cell(f"{finding.subject}: {finding.fact}"))
    if finding.advice:
        line.append_text(cell(f" {finding.advice}"))
    Console().print(line, soft_wrap=True)
