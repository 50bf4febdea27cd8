"""The tour shows files of the example app. Each of them is run by a test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, blocks, included_file
from tests.docs.programs import EXAMPLE_APP, environment

TESTS_OF_THE_APP = Path(__file__).parents[1] / "example"

START = """
import asyncio, sys
executed = set()
sys.addaudithook(lambda event, args: event == "exec" and executed.add(args[0].co_filename))

import app.demo
from app.main import app

async def start_and_stop():
    async with app.router.lifespan_context(app):
        pass

asyncio.run(start_and_stop())
print("\\n".join(sorted(executed)))
"""
"""Starts the app, migrations included, and prints every file that was executed."""


def _shown() -> list[str]:
    """Return the files of the app that pages show."""
    snippets = {block.snippet for page in PAGES for block in blocks(page) if block.snippet}
    files = {included_file(snippet) for snippet in snippets}
    return sorted(
        str(file.relative_to(EXAMPLE_APP)) for file in files if file.is_relative_to(EXAMPLE_APP)
    )


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of the app that its start executes."""
    folder = tmp_path_factory.mktemp("tour")
    settings = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/app.db",
        "SECRET_KEY": "a secret of the tests, 32 bytes and more of it",
    }
    where = environment()
    path = f"{where['PYTHONPATH']}{os.pathsep}{EXAMPLE_APP}"
    done = subprocess.run(
        [sys.executable, "-c", START],
        cwd=EXAMPLE_APP,
        env={**where, **settings, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    return {os.path.relpath(line, EXAMPLE_APP) for line in lines if line.startswith(os.sep)}


@pytest.mark.parametrize("name", _shown())
def test_a_file_that_is_shown_is_run(name: str, executed: set[str]) -> None:
    tests = "".join(path.read_text("utf-8") for path in TESTS_OF_THE_APP.glob("*.py"))
    own_test = name.startswith("tests/") and '"pytest"' in tests
    module = name.removesuffix(".py").replace("/", ".")

    assert name in executed or own_test or f'"{module}"' in tests or Path(name).name in tests
