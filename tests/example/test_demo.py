"""``make demo`` as a newcomer meets it: the printed lines are tried as they are."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.example.server import FOLDER, free_port, running

CURL = Path(__file__).parents[1] / "docs" / "curl.py"


@pytest.fixture
def welcome(tmp_path: Path) -> Iterator[str]:
    """What the demo prints once it is up."""
    settings = {
        "PORT": str(free_port()),
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/demo.db",
        "PYTHONUNBUFFERED": "1",
    }
    with running(["-m", "app.demo"], settings, ready="Ctrl\\+C ends it") as (_, output):
        yield output


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], str]:
    """Runs lines as somebody would who copies them; with a stand-in where curl is missing."""
    if shutil.which("curl") is None:
        stand_in = tmp_path / "curl"
        stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{CURL}" "$@"\n')
        stand_in.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"

    def run(commands: str) -> str:
        done = subprocess.run(
            ["sh", "-c", commands],
            capture_output=True,
            text=True,
            check=True,
            cwd=FOLDER,
            env={**os.environ, "PATH": path},
        )
        return done.stdout

    return run


def test_the_printed_lines_register_sign_in_and_read(
    welcome: str, shell: Callable[[str], str]
) -> None:
    lines = welcome[welcome.index("  curl ") : welcome.index("  Ctrl+C")]

    answers = shell(lines)

    registered, me = (json.loads(part) for part in re.findall(r"\{.*?\}", answers))
    assert registered == me
    assert me["email"] == "ada@example.com"


def test_the_printed_password_is_the_superusers(welcome: str, shell: Callable[[str], str]) -> None:
    (url,) = set(re.findall(r"(http://\S+)/docs", welcome))
    (email,) = re.findall(r"Superuser: +(\S+)", welcome)
    (password,) = re.findall(r"Password: +(\S+)", welcome)

    answer = shell(f"curl -s {url}/api/auth/login -d username={email} -d password={password}")

    assert set(json.loads(answer)) >= {"access_token", "refresh_token"}


def test_the_secret_is_readable_by_its_owner_only(welcome: str) -> None:
    secret = FOLDER / ".demo" / "secret_key"

    assert len(secret.read_text()) >= 32
    assert secret.stat().st_mode & 0o077 == 0
