"""The pages on the command: its options, and the script."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from sqlalchemy import create_engine

from fastauth_kit.surfaces.cli.command import command
from tests.docs.pages import code_in, prose, table
from tests.docs.programs import DOCS, EXAMPLES, environment, load

PAGE = DOCS / "reference" / "cli.md"
PASSWORD = "a long and secret sentence"


def _leaves(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    commands: dict[str, Any] = getattr(group, "commands", {})
    if not commands:
        yield name, group
    for word, each in commands.items():
        yield from _leaves(each, f"{name} {word}")


COMMANDS = dict(_leaves(typer.main.get_command(command), "fastauth-kit"))


def _names(parameters: list[Any]) -> list[tuple[str, ...]]:
    """Return what each option and argument is called, as the page has it."""
    found: list[tuple[str, ...]] = []
    for each in parameters:
        if each.param_type_name == "argument":
            found.append(((each.metavar or each.name).strip("[]").upper(),))
        elif "--help" not in each.opts:
            found.append((*each.opts, *each.secondary_opts))
    return found


def test_every_command_is_on_the_page_and_no_other() -> None:
    headings = [line[3:] for line in prose(PAGE) if line.startswith("## ")]

    assert sorted(headings) == sorted(["fastauth-kit", *COMMANDS])


@pytest.mark.parametrize("name", ["fastauth-kit", *COMMANDS])
def test_every_option_of_a_command_is_on_the_page_and_no_other(name: str) -> None:
    whole: Any = typer.main.get_command(command)
    names = _names(COMMANDS.get(name, whole).params)
    rows = table(PAGE, name) if names else []

    assert [tuple(code_in(row[0])) for row in rows] == names


@pytest.mark.parametrize("name", COMMANDS)
def test_a_default_is_the_one_on_the_page(name: str) -> None:
    for parameter in COMMANDS[name].params:
        if parameter.param_type_name == "option" and isinstance(parameter.default, int | str):
            if isinstance(parameter.default, bool):
                continue
            row = next(row for row in table(PAGE, name) if parameter.opts[0] in code_in(row[0]))
            assert code_in(row[1]) == [str(parameter.default)]


def test_the_script_operates_an_app(tmp_path: Path) -> None:
    program = load("scripts.py")
    (tmp_path / "app").mkdir()
    text = (EXAMPLES / "scripts.py").read_text("utf-8")
    shown = 'secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"'
    own = 'secret_key="fP9vX2mQ7sT4wZ8kB3nR6yC1hJ5gL0dA"'
    (tmp_path / "app" / "main.py").write_text(text.replace(shown, own))
    (tmp_path / "password.txt").write_text(f"{PASSWORD}\n")
    engine = create_engine(f"sqlite:///{tmp_path}/app.db")
    program.Base.metadata.create_all(engine)
    engine.dispose()

    done = subprocess.run(
        ["bash", str(EXAMPLES / "operate.sh")],
        cwd=tmp_path,
        env={**environment(), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "Made the superuser ada@example.com (id 1)." in done.stdout
    assert "bob@example.com (id 2) is deleted." in done.stdout
    assert '{"sessions": 0}' in done.stdout
    assert done.stdout.splitlines()[-1].startswith("0 errors")
    assert PASSWORD not in done.stdout
