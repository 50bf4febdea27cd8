"""The tests on the page about testing pass, and the page names what the kit has."""

import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

import fastauth_kit_pytest
from fastauth_kit.surfaces import testing
from tests.docs.pages import code_in, table
from tests.docs.programs import DOCS, EXAMPLES, environment, load

PAGE = DOCS / "how-to" / "testing.md"


def run(folder: Path, *options: str, **variables: str) -> str:
    """Run the tests in a folder as a caller does; return what pytest says."""
    # named for where the kit is not installed; elsewhere pytest has it already
    plugins = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "fastauth_kit_pytest")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, *options],
        cwd=folder,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "testing", tmp_path / "testing")

    assert "11 passed" in (said := run(folder, "--ignore=rolled_back")), said


def test_they_pass_side_by_side(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "testing", tmp_path / "testing")

    assert "11 passed" in (said := run(folder, "--ignore=rolled_back", "-n", "2")), said


async def test_what_a_test_writes_is_rolled_back(fresh_database_url: str, tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "testing", tmp_path / "testing")
    program = load("testing/app.py")
    engine = create_async_engine(fresh_database_url)
    async with engine.begin() as connection:
        await connection.run_sync(program.Base.metadata.create_all)

    said = run(folder, "rolled_back", TEST_DATABASE_URL=fresh_database_url)

    async with engine.connect() as connection:
        left = [
            (await connection.execute(table.select())).all()
            for table in program.Base.metadata.sorted_tables
        ]
    await engine.dispose()
    assert "3 passed" in said, said
    assert left == [[], [], [], []]


def test_every_fixture_is_in_the_reference() -> None:
    shown = {code_in(row[0])[0] for row in table(PAGE, "Fixtures")}
    kind = type(fastauth_kit_pytest.auth_client)
    there = {name for name, _ in inspect.getmembers(fastauth_kit_pytest, lambda x: type(x) is kind)}

    assert shown == there


def test_every_name_is_in_the_reference() -> None:
    shown = [name for row in table(PAGE, "Names") for name in code_in(row[0])]

    assert sorted(shown) == sorted(testing.__all__)


@pytest.mark.parametrize(
    "name", ["under_test", "assert_requires_login", "assert_requires_superuser"]
)
def test_the_options_of_a_function_are_in_the_reference(name: str) -> None:
    rows = [row for row in table(PAGE, "Names") if name in code_in(row[0])]
    told = {word.rstrip("=") for row in rows for word in code_in(row[1])}
    options = set(list(inspect.signature(getattr(testing, name)).parameters)[1:])

    assert options <= told
