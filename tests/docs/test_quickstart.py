"""The quickstart is followed, command by command, as its reader would, once for each tab.

Files are written where a block has a title, commands run in one shell, servers
in the background on a free port, and every answer is compared with the page's.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import Block, blocks, section_text
from tests.docs.programs import DOCS, environment

PAGE = DOCS / "quickstart.md"
SHIM = Path(__file__).with_name("curl.py")

SERVER = "uvicorn main:app\n"
INSTALLATION = "mkdir hello-auth"
"""Begins the one block that is not run: what it installs is there."""

START = """
if [ -n "${SERVER:-}" ]; then kill "$SERVER"; wait "$SERVER" || true; fi
uvicorn main:app --port PORT > server.log 2>&1 &
SERVER=$!
tries=0
until curl -s -o /dev/null localhost:PORT/openapi.json; do
    tries=$((tries + 1)); [ $tries -lt 100 ] || { cat server.log; exit 1; }; sleep 0.2
done
"""
MARK = "=== the block of line "

VOLATILE = {
    r'"\d{4}-\d\d-\d\dT[\d:.]+Z"': '"<time>"',
    r'"eyJ[^"]*"': '"<access token>"',
    r'"rt\.[^"]*"': '"<refresh token>"',
    r'"[0-9a-f]{8}-[0-9a-f-]{27}"': '"<id>"',
    r'"curl/[^"]*"': '"<curl>"',
}


def _masked(text: str) -> Any:
    for pattern, name in VOLATILE.items():
        text = re.sub(pattern, name, text)
    return json.loads(text)


TABS = sorted({block.tab for block in blocks(PAGE) if block.tab})


def _steps(tab: str) -> Iterator[tuple[Block, Block | None]]:
    """Yield each block of commands or file, and the answer that follows it."""
    found = [block for block in blocks(PAGE) if block.tab in (None, tab)]
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block.language == "bash" or block.title:
            answers = following is not None and following.language == "json"
            yield block, following if answers else None


def _written(block: Block, port: int) -> str:
    """Return the shell's part of one step."""
    if block.title:
        assert block.snippet is not None
        return f"cat > {block.title} <<'END OF FILE'\n{section_text(block.snippet)}END OF FILE\n"
    if block.text.startswith(INSTALLATION):
        return ":\n"
    text = START if block.text == SERVER else block.text
    return re.sub(r"localhost:(8000|PORT)", f"localhost:{port}", text).replace("PORT", str(port))


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _has_curl() -> bool:
    """Whether there is a curl that knows ``--json`` (7.82)."""
    if shutil.which("curl") is None:
        return False
    told = subprocess.run(["curl", "--help", "all"], capture_output=True, text=True, check=False)
    return "--json" in told.stdout


@pytest.fixture(scope="module", params=TABS)
def tab(request: pytest.FixtureRequest) -> str:
    """The tab that the reader takes."""
    return str(request.param)


@pytest.fixture(scope="module")
def output(tab: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each step printed, by the step's place on the page."""
    folder = tmp_path_factory.mktemp("quickstart")
    tools = tmp_path_factory.mktemp("tools")
    if not _has_curl():
        (tools / "curl").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{SHIM}" "$@"\n')
        (tools / "curl").chmod(0o755)
    port = _free_port()
    steps = [f"echo '{MARK}{block.line}'\n{_written(block, port)}" for block, _ in _steps(tab)]
    script = 'set -eu\ntrap \'[ -z "${SERVER:-}" ] || kill "$SERVER"\' EXIT\n' + "\n".join(steps)
    where = environment()
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env={**where, "PATH": f"{tools}:{where['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    parts = done.stdout.split(MARK)[1:]
    return dict(part.split("\n", 1) for part in parts)


ANSWERED = [step for step in _steps(TABS[0]) if step[1] is not None]
"""The answers are the same in every tab."""


@pytest.mark.parametrize(("block", "answer"), ANSWERED, ids=str)
def test_a_command_answers_what_the_page_says(
    output: dict[str, str], block: Block, answer: Block
) -> None:
    assert _masked(output[str(block.line)]) == _masked(answer.text)


def test_no_answer_is_in_a_tab() -> None:
    """Else ``ANSWERED`` would miss those of the other tabs."""
    assert all(answer is None or answer.tab is None for tab in TABS for _, answer in _steps(tab))


def test_the_page_shows_both_programs_and_the_migrations(tab: str) -> None:
    titles = [block.title for block, _ in _steps(tab) if block.title]

    assert titles == ["main.py", "migrations/env.py", "main.py"]
