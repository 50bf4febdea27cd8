"""Starts the demonstration under uvicorn, in a folder that goes with it unless one is given."""

import os
import runpy
import sys
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.secrets import random_text
from fastauth_kit.surfaces.cli.demo.app import FOLDER, SECRET
from fastauth_kit.surfaces.cli.key_file import create_file

FACTORY = "fastauth_kit.surfaces.cli.demo.app:make_app"
SECRET_BYTES = 48

WHAT_TO_TRY = """\
fastauth-kit demo: http://127.0.0.1:{port}/docs

1. POST /api/auth/register, "Try it out": an address, and a password of 8 characters or more.
2. "Authorize", on top: sign in with them; leave the client fields empty.
3. GET /hello is a route that only who is signed in gets. GET /api/auth/sessions shows where.
4. POST /api/auth/logout, then GET /hello again: 401 at once.

What happens is kept in {folder}. Ctrl-C ends the demo.
"""


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="On 127.0.0.1.")] = 8000,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the database here; else it goes with the demo.")
    ] = None,
) -> None:
    """Run a small app with accounts on SQLite, to click through."""
    if find_spec("uvicorn") is None:
        raise ConfigurationError("the demo needs a server: pip install 'fastauth-kit[demo]'")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with nullcontext(folder) if folder is not None else TemporaryDirectory() as place:
        _serve(Path(place).absolute(), port)


def _serve(folder: Path, port: int) -> None:
    if not (folder / SECRET).exists():
        create_file(folder / SECRET, random_text(SECRET_BYTES))
    typer.echo(WHAT_TO_TRY.format(port=port, folder=folder))
    os.environ[FOLDER] = str(folder)
    # as "python -m uvicorn" does: it is no dependency, so nothing here imports it
    sys.argv = ["uvicorn", FACTORY, "--factory", "--port", str(port), "--log-level", "warning"]
    runpy.run_module("uvicorn", run_name="__main__")
