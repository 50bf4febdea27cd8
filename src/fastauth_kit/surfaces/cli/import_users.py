"""``fastauth-kit import-users``: accounts from a file, or from a table of another database."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.work import Work
from fastauth_kit.surfaces.cli.id_map import id_map_file
from fastauth_kit.surfaces.cli.import_report import print_report
from fastauth_kit.surfaces.cli.import_source import Format, SourceOptions
from fastauth_kit.surfaces.cli.installation import Installation, operate
from fastauth_kit.surfaces.importing import (
    PRESETS,
    ImportOptions,
    Report,
    Run,
    hash_composer,
    import_users,
    same_place,
)

LEFT_OUT = 3
"""Exit status where rows were left out; the others are imported."""

PresetName = Literal["fastapi-users", "tutorial", "django", "wordpress", "firebase"]


def import_users_command(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Argument(help="A .csv, .jsonl or .json file; - is standard input.")
    ] = None,
    *,
    format: Annotated[
        Format | None,
        typer.Option(help="By default what the name of the file says; jsonl from standard input."),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of a CSV file.")] = "utf-8-sig",
    delimiter: Annotated[str, typer.Option(help="Between the cells of a CSV file.")] = ",",
    from_url: Annotated[
        str | None,
        typer.Option(
            envvar="FASTAUTH_IMPORT_URL",
            help="Read a table of this database. With a password, use the variable: "
            "others see arguments.",
        ),
    ] = None,
    table: Annotated[str | None, typer.Option(help="The table; may have a schema.")] = None,
    preset: Annotated[
        PresetName | None, typer.Option(help="Names of tables and columns of a known store.")
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(help="A column, as theirs=ours; may be repeated."),
    ] = None,
    firebase_parameters: Annotated[
        Path | None,
        typer.Option(help="A file with the password hash parameters of the Firebase console."),
    ] = None,
    keep_ids: Annotated[bool, typer.Option("--keep-ids", help="Their ids become yours.")] = False,
    id_map: Annotated[
        Path | None, typer.Option(help="Write a CSV file of their ids and yours.")
    ] = None,
    allow_unreadable: Annotated[
        bool,
        typer.Option(
            "--allow-unreadable",
            help="Accounts whose hash nobody can read come without a password.",
        ),
    ] = False,
    batch: Annotated[int, typer.Option(min=1, max=5000, help="Rows in one transaction.")] = 1000,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report, for scripts.")] = False,
) -> None:
    """Import accounts, with the password hashes that they have.

    Accounts that are there already stay as they are, so it may be run again, also
    after it was killed. Status 3: some rows were left out; the report says which.
    """
    _refuse_to_overwrite(source, id_map)
    reading = SourceOptions(
        file=source,
        format=format,
        encoding=encoding,
        delimiter=delimiter,
        from_url=None if source is not None and _is_of_environment(context) else from_url,
        table=table,
        preset=preset,
    )
    compose_hash = None
    if firebase_parameters is not None:
        compose_hash = hash_composer(firebase_parameters.read_text("utf-8", "replace"))
    options = ImportOptions(
        names=_names(preset, _mapping(map or [])),
        dry_run=dry_run,
        keep_ids=keep_ids,
        allow_unreadable=allow_unreadable,
        compose_hash=compose_hash,
        batch=batch,
    )
    report = operate(context, partial(_run, reading, options, None if dry_run else id_map))
    if as_json:
        typer.echo(json.dumps(report.as_json()))
    else:
        print_report(report, Console())
    if not report.is_complete:
        raise typer.Exit(LEFT_OUT)


async def _run(
    reading: SourceOptions,
    options: ImportOptions,
    id_map: Path | None,
    installation: Installation,
) -> Report:
    auth, run = installation.auth, installation.run
    await _refuse_own_table(reading, auth, run)
    with reading.opened() as source, id_map_file(id_map) as ids, _progress() as progress:
        return await import_users(auth, run, source, options, id_map=ids, progress=progress)


async def _refuse_own_table(reading: SourceOptions, auth: AuthKit[Any], run: Run) -> None:
    """Refuse to import a table into itself: accounts would come twice, in two spellings."""
    url = reading.url
    if url is None or reading.named_table.rpartition(".")[2] != auth.user_model.__tablename__:
        return

    async def look(work: Work) -> bool:
        return same_place(url, work.engine.url)

    if await run(look):
        raise ConfigurationError(
            "the source is the table of your accounts itself; a migration takes it over in place"
        )


def _is_of_environment(context: typer.Context) -> bool:
    """Whether the database was named for another run, perhaps."""
    named = context.get_parameter_source("from_url")
    return named is not None and named.name == "ENVIRONMENT"


def _refuse_to_overwrite(source: str | None, id_map: Path | None) -> None:
    if id_map is not None and source is not None and Path(source).resolve() == id_map.resolve():
        raise ConfigurationError("--id-map is the source itself; it would be overwritten")


def _names(preset: PresetName | None, mapped: dict[str, str]) -> dict[str, str]:
    """Return what columns mean: a column that was named takes the place of the preset's."""
    known = PRESETS[preset].names if preset else dict[str, str]()
    given = set(mapped.values())
    return {**{name: ours for name, ours in known.items() if ours not in given}, **mapped}


def _mapping(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        if not (theirs and equals and ours):
            raise ConfigurationError("--map is theirs=ours, such as --map mail=email")
        found[theirs] = ours
    if len(set(found.values())) < len(found):
        raise ConfigurationError("--map gives two columns one name")
    return found


@contextmanager
def _progress() -> Generator[Callable[[int], None]]:
    """Show how far it is, on a terminal alone."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} rows"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not _is_watched()) as shown:
        task = shown.add_task("reading", total=None)
        yield lambda read: shown.update(task, completed=read)


def _is_watched() -> bool:
    return sys.stderr.isatty()
