"""The app of ``fastauth-kit demo``; that it is served is in ``test_processes.py``."""

import os
import runpy
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fastauth_kit.surfaces.cli.demo.app import FOLDER, make_app
from tests.kit_app import PASSWORD, bearer
from tests.surfaces.cli.shops import ADA, Terminal


async def test_what_the_demo_says_to_try_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "demo.secret").write_text("fP9vX2mQ7sT4wZ8kB3nR6yC1hJ5gL0dA")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    app = make_app()

    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        front = await client.get("/")
        await client.post("/api/auth/register", json={"email": ADA, "password": PASSWORD})
        login = await client.post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
        headers = bearer(login.json())
        before = await client.get("/hello", headers=headers)
        sessions = await client.get("/api/auth/sessions", headers=headers)
        await client.post("/api/auth/logout", headers=headers)
        after = await client.get("/hello", headers=headers)

    assert front.headers["location"] == "/docs"
    assert (before.json(), sessions.status_code, after.status_code) == (f"Hello {ADA}", 200, 401)


@pytest.mark.parametrize("folder_is_given", [True, False])
def test_the_server_gets_a_folder_with_a_secret(
    terminal: Terminal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder_is_given: bool,
) -> None:
    """The server itself would go on until it is told to end."""
    monkeypatch.setenv(FOLDER, "")  # set back afterwards
    seen: list[Any] = []

    def serve(module: str, run_name: str) -> None:
        folder = Path(os.environ[FOLDER])
        seen.append((module, run_name, sys.argv[-3:-1], (folder / "demo.secret").read_text()))

    monkeypatch.setattr(runpy, "run_module", serve)
    words = ["--folder", str(tmp_path / "kept")] if folder_is_given else []

    first, second = (terminal.call("demo", "--port", "8123", *words) for _ in range(2))

    assert (first.code, second.code) == (0, 0)
    assert "http://127.0.0.1:8123/docs" in first.out
    (module, name, _, secret), (*_, again) = seen
    assert (module, name, secret == again) == ("uvicorn", "__main__", folder_is_given)
    assert Path(os.environ[FOLDER]).exists() == folder_is_given


def test_the_demo_names_its_extra(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastauth_kit.surfaces.cli.demo.command.find_spec", lambda name: None)

    done = terminal.call("demo")

    assert (done.code, done.out) == (1, "")
    assert done.err == "the demo needs a server: pip install 'fastauth-kit[demo]'\n"
