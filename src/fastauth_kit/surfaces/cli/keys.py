"""``fastauth-kit keys``: a key set in a file, and the next step of its rotation."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Column, Table

from fastauth_kit.core.models import utc_now
from fastauth_kit.features.signing_keys import (
    SYMMETRIC,
    KeyState,
    StoredKey,
    announce_key,
    drop_retired_keys,
    generate_key,
    list_keys,
    new_key_set,
    promote_key,
)
from fastauth_kit.surfaces.cli.key_file import create_file, read_file, replace_file

keys_command: typer.Typer = typer.Typer(
    help="The key pairs that sign access tokens, in one secret file.", no_args_is_help=True
)


class Step(StrEnum):
    """One step of a rotation."""

    ANNOUNCE = "announce"
    PROMOTE = "promote"
    DROP = "drop"


KeyFile = Annotated[Path, typer.Argument(help="The file with the key set.")]
NewKey = Annotated[
    Literal["EdDSA", "ES256", "RS256", "symmetric"],
    typer.Option(help="Of the new key. 'symmetric': what signs before there are key pairs."),
]

DONE = {
    Step.ANNOUNCE: "announced. Deploy this file everywhere; rotate again in an hour.",
    Step.PROMOTE: "signs now. Deploy this file everywhere; rotate again in a day.",
    Step.DROP: "signs. The retired keys are gone; deploy this file.",
}


@keys_command.command()
def generate(file: KeyFile, algorithm: NewKey = "EdDSA") -> None:
    """Begin a key set in a new file, which only its owner may read."""
    create_file(file, new_key_set(utc_now(), key=_new_key(algorithm)))
    signing = _in_state(file, KeyState.CURRENT)
    typer.echo(f"{signing.id} signs. Keep {file} as you keep SECRET_KEY.")


@keys_command.command()
def rotate(
    file: KeyFile,
    algorithm: NewKey = "EdDSA",
    step: Annotated[
        Step | None, typer.Option(help="This step and no other; the one that is due by default.")
    ] = None,
) -> None:
    """Take the next step of a rotation: announce, an hour later promote, a day later drop.

    Deploy the file after each step. A step that comes too early is refused.
    """
    now, key_set = utc_now(), read_file(file)
    taken = step or _due(list_keys(key_set))
    steps: dict[Step, Callable[[], str]] = {
        Step.ANNOUNCE: lambda: announce_key(key_set, now, key=_new_key(algorithm)),
        Step.PROMOTE: lambda: promote_key(key_set, now),
        Step.DROP: lambda: drop_retired_keys(key_set, now),
    }
    replace_file(file, steps[taken]())
    shown = KeyState.UPCOMING if taken is Step.ANNOUNCE else KeyState.CURRENT
    typer.echo(f"{_in_state(file, shown).id} {DONE[taken]}")


@keys_command.command("list")
def show(
    file: KeyFile,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """List the keys: their ids and states, nothing secret."""
    keys = list_keys(read_file(file))
    if as_json:
        typer.echo(json.dumps([_fields(key) for key in keys]))
        return
    table = Table("state", "algorithm", Column("kid", overflow="fold"), "since")
    for key in keys:
        table.add_row(key.state, key.algorithm, key.id, f"{key.since:%Y-%m-%d %H:%M} UTC")
    Console().print(table)


def _fields(key: StoredKey) -> dict[str, str]:
    return {
        "state": key.state,
        "algorithm": key.algorithm,
        "kid": key.id,
        "since": key.since.isoformat(),
    }


def _new_key(algorithm: NewKey) -> str:
    return SYMMETRIC if algorithm == "symmetric" else generate_key(algorithm)


def _due(keys: list[StoredKey]) -> Step:
    """Return what comes next in a set: one rotation ends before another begins."""
    states = {key.state for key in keys}
    if KeyState.UPCOMING in states:
        return Step.PROMOTE
    return Step.DROP if KeyState.RETIRED in states else Step.ANNOUNCE


def _in_state(file: Path, state: KeyState) -> StoredKey:
    (key,) = (key for key in list_keys(read_file(file)) if key.state is state)
    return key
