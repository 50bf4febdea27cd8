"""The command as operators start it: a process, with pipes, signals and odd terminals."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert

from tests.faults.proxy import proxy_before
from tests.kit_app import PASSWORD, IntUser, build_app
from tests.mailing import once
from tests.surfaces.cli.processes import environment, run, write_shop
from tests.surfaces.cli.shops import ADA


def test_an_app_is_operated_from_its_folder(folder: Path) -> None:
    """The main path of each command."""
    made = run(folder, "create-superuser", ADA, "--password-stdin", stdin=PASSWORD)
    listed = run(folder, "users", "list", "--json")
    changed = run(folder, "users", "verify", ADA)
    sessions = run(folder, "sessions", "revoke", "--all", "--yes")
    pruned = run(folder, "prune", "--json", "--events-older-than", "1d")
    examined = run(folder, "doctor", "--json")

    assert (made.returncode, made.stderr) == (0, "")
    assert [json.loads(line)["email"] for line in listed.stdout.splitlines()] == [ADA]
    assert (changed.returncode, sessions.stdout) == (0, "0 sessions ended.\n")
    assert json.loads(pruned.stdout) == {"sessions": 0, "one_time_tokens": 0, "audit": 0}
    assert {"int_users", "database"} <= {
        json.loads(line)["subject"] for line in examined.stdout.splitlines()
    }
    for done in (listed, changed, sessions, pruned, examined):
        assert done.stderr == ""


@pytest.fixture
async def many(folder: Path, tables: str) -> Path:
    """The folder, with more users than a pipe holds."""
    kit_app = build_app(tables)
    async with kit_app.sessions.begin() as session:
        rows = [{"email": f"{number:05}@example.com"} for number in range(3000)]
        await session.execute(insert(IntUser), rows)
    await kit_app.close()
    return folder


def _start(folder: Path, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "fastauth_kit", *words],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@once
@pytest.mark.parametrize("words", [["--json"], []])
def test_a_pipe_that_closes_early_is_no_error_to_speak_of(many: Path, words: list[str]) -> None:
    process = _start(many, "users", "list", *words)
    assert process.stdout is not None
    assert process.stderr is not None

    process.stdout.readline()
    process.stdout.close()

    assert process.stderr.read() == b""
    assert process.wait(60) in {0, 1}
    process.stderr.close()


def test_every_user_is_listed_once(many: Path) -> None:
    lines = run(many, "users", "list", "--json").stdout.splitlines()

    emails = [json.loads(line)["email"] for line in lines]
    assert emails == [f"{number:05}@example.com" for number in range(3000)]


@once
def test_a_terminal_that_knows_no_unicode_gets_escapes(folder: Path) -> None:
    old = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    words = ("create-superuser", ADA, "--password-stdin", "--set", "name=Ädä")

    made = run(folder, *words, stdin=PASSWORD)
    shown = run(folder, "users", "show", ADA, **old)
    listed = run(folder, "users", "list", **old)
    as_json = run(folder, "users", "show", ADA, "--json", **old)

    assert (made.returncode, shown.returncode, listed.returncode) == (0, 0, 0)
    assert "\\xc4d\\xe4" in shown.stdout
    assert json.loads(as_json.stdout)["name"] == "Ädä"


@once
def test_bytes_that_are_no_text_are_refused_as_an_argument(folder: Path) -> None:
    words: list[Any] = [sys.executable, "-m", "fastauth_kit", "users", "show", b"\xff@example.com"]
    done = subprocess.run(words, cwd=folder, env=environment(), capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"USER is not text: it has a NUL, or bytes that are no characters.\n"


@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
@pytest.mark.parametrize("session_style", ["async", "sync"], indirect=True)
async def test_a_database_that_goes_away_in_the_middle_is_a_sentence(
    tables: str, session_style: str, tmp_path: Path
) -> None:
    kit_app = build_app(tables)
    async with kit_app.sessions.begin() as session:
        rows = [{"email": f"{number:05}@example.com"} for number in range(3000)]
        await session.execute(insert(IntUser), rows)
    await kit_app.close()
    async with proxy_before(tables) as (proxy, through):
        folder = write_shop(tmp_path, through, session_style)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fastauth_kit", "users", "list", "--json"),
            cwd=folder,
            env=environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1000,  # so that the command waits for us
        )
        assert process.stdout is not None
        first = await process.stdout.readline()
        proxy.refuses = True
        proxy.cut()
        out, err = await process.communicate()

    assert json.loads(first)["email"] == "00000@example.com"
    assert process.returncode == 1
    assert err.startswith(b"The database cannot be reached")
    assert err.count(b"\n") == 1
    assert len(out.splitlines()) < 2999


@once
def test_tables_that_are_missing_lead_to_the_doctor(tmp_path: Path, folder: Path) -> None:
    write_shop(tmp_path, f"sqlite+aiosqlite:///{tmp_path}/empty.db")

    done = run(tmp_path, "users", "list")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "The database refused: no such table: int_users. "
        "Do the tables fit? See: fastauth-kit doctor\n"
    )


def test_a_database_that_was_never_there_is_a_sentence(tmp_path: Path) -> None:
    write_shop(tmp_path, "postgresql+asyncpg://root:a-secret-thing@127.0.0.1:1/shop")

    for words in (["users", "list"], ["doctor"], ["prune"], ["create-superuser", ADA]):
        done = run(tmp_path, *words)

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("The database cannot be reached (ConnectionRefusedError).")
        assert "a-secret-thing" not in done.stderr


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _answer(url: str, body: dict[str, str] | None = None) -> tuple[int, str]:
    answer = httpx2.get(url) if body is None else httpx2.post(url, json=body)
    return answer.status_code, answer.text


@pytest.mark.parametrize("folder_is_given", [True, False])
def test_the_demo_answers_and_leaves_as_it_should(tmp_path: Path, folder_is_given: bool) -> None:
    port, kept = _free_port(), tmp_path / "kept"
    words = ["--folder", str(kept)] if folder_is_given else []
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "fastauth_kit", "demo", "--port", str(port), *words],
        cwd=tmp_path,
        env=environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    base = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            docs = _answer(f"{base}/")
            break
        except httpx2.TransportError:
            time.sleep(0.1)
    registered = _answer(f"{base}/api/auth/register", {"email": ADA, "password": PASSWORD})
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)

    assert (docs[0], registered[0]) == (307, 201)
    assert f"{base}/docs" in said
    assert "Traceback" not in said
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == (["kept"] if folder_is_given else [])
    if folder_is_given:
        assert (kept / "demo.secret").stat().st_mode & 0o777 == 0o600


def test_the_demo_names_its_extra(tmp_path: Path) -> None:
    hiding = "import importlib.util as u; u.find_spec = lambda name: None\n"
    call = "import sys; from fastauth_kit.surfaces.cli import main; sys.argv[1:] = ['demo']; main()"
    done = subprocess.run(
        [sys.executable, "-c", hiding + call],
        cwd=tmp_path,
        env={**os.environ, **environment()},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "the demo needs a server: pip install 'fastauth-kit[demo]'\n"
