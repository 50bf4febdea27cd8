"""``make demo`` as a newcomer meets it: the printed lines are tried as they are."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.example.server import FOLDER, free_port, running

CURL = Path(__file__).parents[1] / "docs" / "curl.py"


@contextmanager
def _demo(folder: Path) -> Iterator[str]:
    """Run the demo; yields what it prints once it is up."""
    settings = {"PORT": str(free_port()), "DEMO_FOLDER": str(folder), "PYTHONUNBUFFERED": "1"}
    with running(["-m", "app.demo"], settings, ready="Ctrl\\+C ends it") as (_, output):
        yield output


@pytest.fixture
def welcome(tmp_path: Path) -> Iterator[str]:
    """What the demo prints once it is up."""
    with _demo(tmp_path / ".demo") as output:
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


def _printed_commands(welcome: str) -> str:
    return welcome[welcome.index("  curl ") : welcome.index("  Ctrl+C")]


def test_the_printed_lines_register_sign_in_read_and_write(
    welcome: str, shell: Callable[[str], str]
) -> None:
    answers = shell(_printed_commands(welcome))

    decoder, rest, found = json.JSONDecoder(), answers, []
    while rest:
        answer, end = decoder.raw_decode(rest)
        found.append(answer)
        rest = rest[end:]
    registered, me, post, posts = found
    assert registered == me
    assert me["email"] == "ada@example.com"
    assert posts["items"] == [post]
    assert post["author"] == {"id": me["id"], "name": "Ada"}


def test_the_printed_password_is_the_superusers(welcome: str, shell: Callable[[str], str]) -> None:
    (url,) = set(re.findall(r"(http://\S+)/docs", welcome))
    (email,) = re.findall(r"Superuser: +(\S+)", welcome)
    login = f"curl -s {url}/api/auth/login -d username={email}"

    answer = shell(f"{login} -d password={_password(welcome)}")

    assert set(json.loads(answer)) >= {"access_token", "refresh_token"}


def test_a_second_start_finds_what_the_first_one_made(
    tmp_path: Path, shell: Callable[[str], str]
) -> None:
    folder = tmp_path / ".demo"
    with _demo(folder) as first:
        shell(_printed_commands(first))
    with _demo(folder) as second:
        (url,) = set(re.findall(r"(http://\S+)/docs", second))
        sign_in = f"curl -s {url}/api/auth/login -d username=ada@example.com"
        tokens = json.loads(shell(f"{sign_in} -d 'password=correct horse battery'"))
        posts = json.loads(shell(f"curl -s {url}/api/posts"))

    assert tokens["token_type"] == "bearer"
    assert [post["title"] for post in posts["items"]] == ["Hello"]
    assert _password(first) == _password(second)


def test_a_port_that_is_taken_is_passed_over(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = {"PORT": str(port), "DEMO_FOLDER": str(tmp_path), "PYTHONUNBUFFERED": "1"}
        with running(["-m", "app.demo"], settings, ready="Ctrl\\+C ends it") as (_, welcome):
            assert f":{port}/" not in welcome


def test_the_secret_is_readable_by_its_owner_only(welcome: str, tmp_path: Path) -> None:
    secret = tmp_path / ".demo" / "secret_key"

    assert "The demo is up" in welcome
    assert len(secret.read_text()) >= 32
    assert secret.stat().st_mode & 0o077 == 0


def _password(welcome: str) -> str:
    (password,) = re.findall(r"Password: +(\S+)", welcome)
    return str(password)
