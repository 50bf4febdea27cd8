"""The command and its parts. What it refuses is a sentence and status 1."""

import os
import sys
from typing import Annotated

from fastauth_kit.core.secrets import random_text

try:
    import typer
except ImportError as _error:
    raise ImportError(
        "the command fastauth-kit needs typer: pip install 'fastauth-kit[cli]'"
    ) from _error

from fastauth_kit.surfaces.cli.demo import demo
from fastauth_kit.surfaces.cli.doctor import doctor
from fastauth_kit.surfaces.cli.import_users import import_users_command
from fastauth_kit.surfaces.cli.keys import keys_command
from fastauth_kit.surfaces.cli.output import survive_any_terminal
from fastauth_kit.surfaces.cli.prune import prune
from fastauth_kit.surfaces.cli.refusals import REFUSALS, sentence
from fastauth_kit.surfaces.cli.sessions import sessions_command
from fastauth_kit.surfaces.cli.superuser import create_superuser
from fastauth_kit.surfaces.cli.users import users_command

SECRET_BYTES = 48

command: typer.Typer = typer.Typer(
    name="fastauth-kit",
    help="Operates an app that uses fastauth-kit.",
    no_args_is_help=True,
    add_completion=False,
    # locals hold keys
    pretty_exceptions_show_locals=False,
)
command.command()(create_superuser)
command.command()(prune)
command.command()(doctor)
command.command()(demo)
command.add_typer(users_command, name="users")
command.add_typer(sessions_command, name="sessions")
command.add_typer(keys_command, name="keys")
command.command("import-users")(import_users_command)


@command.callback()
def options(
    context: typer.Context,
    app: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:ATTRIBUTE",
            envvar="FASTAUTH_APP",
            help="Where your AuthKit is, such as app.main:auth.",
        ),
    ] = None,
) -> None:
    """Operates an app that uses fastauth-kit."""
    context.obj = app


@command.command()
def secret() -> None:
    """Print a new SECRET_KEY."""
    typer.echo(random_text(SECRET_BYTES))


def main() -> None:
    """Run the command; end with status 1 and a sentence where it refuses."""
    survive_any_terminal()
    try:
        command()
    except REFUSALS as refusal:
        if os.environ.get("FASTAUTH_TRACEBACK"):
            raise
        typer.echo(sentence(refusal), err=True)
        sys.exit(1)
