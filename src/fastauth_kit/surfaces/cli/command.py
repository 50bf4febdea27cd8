"""The command and its parts. What it refuses is a sentence and status 1."""

import sys

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.secrets import random_text
from fastauth_kit.features.signing_keys import RotationRefused

try:
    import typer
except ImportError as _error:
    raise ImportError(
        "the command fastauth-kit needs typer: pip install 'fastauth-kit[cli]'"
    ) from _error

from fastauth_kit.surfaces.cli.keys import keys_command

SECRET_BYTES = 48

command: typer.Typer = typer.Typer(
    name="fastauth-kit",
    help="Keys and secrets of an app that uses fastauth-kit.",
    no_args_is_help=True,
    add_completion=False,
    # locals hold keys
    pretty_exceptions_show_locals=False,
)
command.add_typer(keys_command, name="keys")


@command.command()
def secret() -> None:
    """Print a new SECRET_KEY."""
    typer.echo(random_text(SECRET_BYTES))


def main() -> None:
    """Run the command; end with status 1 and a sentence where it refuses."""
    try:
        command()
    except (ConfigurationError, RotationRefused, OSError) as refusal:
        typer.echo(_sentence(refusal), err=True)
        sys.exit(1)


def _sentence(refusal: Exception) -> str:
    if isinstance(refusal, OSError):
        return f"{refusal.filename}: {refusal.strerror}"
    return str(refusal)
