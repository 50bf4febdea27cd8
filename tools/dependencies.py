"""Write docs/reference/dependencies.md: what is installed with the kit, why, and its licence.

Usage: python -m tools.dependencies

Names, bounds and reasons are those of pyproject.toml, where a comment is the reason of
the lines below it, up to the next one. Licences are what the installed distributions say
of themselves.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import metadata
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "reference" / "dependencies.md"

HEAD: Final = """\
# Dependencies

What `pip install fastauth-kit` brings directly, and what each extra adds. `make
dependencies` writes this page from `pyproject.toml` and the installed packages; a test
holds that it is true. `make sbom` writes the whole list, with what these bring in
turn, as CycloneDX.

| package | lowest version | extra | why | licence |
|---|---|---|---|---|
"""


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """One row of the table; ``extra`` is empty for what everybody gets."""

    requirement: Requirement
    extra: str
    why: str


def reasons(text: str) -> dict[str, str]:
    """Return the comments of pyproject.toml by the lines below them, up to the next comment."""
    found: dict[str, str] = {}
    comment, is_open = "", False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#"):
            said = line.removeprefix("#").strip()
            comment, is_open = (f"{comment} {said}" if is_open else said), True
        else:
            found.setdefault(line, comment)
            is_open = False
    return found


def dependencies(text: str) -> Iterator[Dependency]:
    """Read what pyproject.toml asks for, in its order."""
    project: dict[str, Any] = tomllib.loads(text)["project"]
    why = reasons(text)
    for line in project["dependencies"]:
        yield Dependency(requirement=Requirement(line), extra="", why=why[f'"{line}",'])
    for extra, lines in project["optional-dependencies"].items():
        written = next(found for found in text.splitlines() if found.startswith(f"{extra} = ["))
        for line in lines:
            yield Dependency(requirement=Requirement(line), extra=extra, why=why[written])


def licence(name: str) -> str:
    """Return the licence that an installed package names; its expression if there is one."""
    about = metadata(name)
    expression, classifiers = about.get("License-Expression"), about.get_all("Classifier", [])
    if expression:
        return expression
    named = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::")]
    # some have the whole text in the older field
    return ", ".join(named) or (about.get("License") or "not said").splitlines()[0]


def page(text: str) -> str:
    """Return the page."""
    return HEAD + "".join(map(_row, dependencies(text)))


def _row(one: Dependency) -> str:
    lowest = re.sub(r"[^\d.]", "", str(one.requirement.specifier))
    cells = (one.requirement.name, lowest, f"`{one.extra}`" if one.extra else "", one.why)
    return f"| {' | '.join(cells)} | {licence(one.requirement.name)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page((ROOT / "pyproject.toml").read_text("utf-8")), "utf-8")
