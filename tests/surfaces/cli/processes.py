"""The command as a process of its own, in a folder with an app."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import fastauth_kit

ROOT = Path(__file__).parents[3]
SOURCE = Path(fastauth_kit.__file__).parents[1]

APP = """\
from dataclasses import replace

from fastauth_kit.core.models import utc_now
from tests.kit_app import build_app
from tests.mailing import every_feature

built = build_app({url!r}, style={style!r}, more_features=every_feature())
auth = replace(built.auth, clock=utc_now)
"""


def environment(**more: str) -> dict[str, str]:
    """Return the environment of an operator who has set FASTAUTH_APP."""
    ours = {
        "PYTHONPATH": f"{SOURCE}{os.pathsep}{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "FASTAUTH_APP": "shop:auth",
    }
    return {**os.environ, **ours, **more}


def write_shop(folder: Path, url: str, style: str = "async", *, text: str = APP) -> Path:
    """Write an app over a database into a folder and return it."""
    (folder / "shop.py").write_text(dedent(text).format(url=url, style=style))
    return folder


def run(
    folder: Path, *words: str, stdin: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "fastauth_kit", *words],
        cwd=folder,
        env=environment(**variables),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
