"""The page of dependencies says what pyproject.toml and the packages say."""

import re

import pytest

from tools import dependencies

TEXT = (dependencies.ROOT / "pyproject.toml").read_text("utf-8")
FOUND = list(dependencies.dependencies(TEXT))
# a package may word its licence anew, but not change it, without the page being looked at
FAMILY = re.compile(r"MIT|Apache|BSD|LGPL|PSF|Unlicense")


def without_licences(page: str) -> list[str]:
    return [line.rpartition(" | ")[0] for line in page.splitlines()]


def test_the_page_is_what_the_tool_writes() -> None:
    written = dependencies.PAGE.read_text("utf-8")

    assert without_licences(written) == without_licences(dependencies.page(TEXT))


@pytest.mark.parametrize("one", FOUND, ids=lambda one: one.requirement.name)
def test_a_licence_is_the_one_of_the_package(one: dependencies.Dependency) -> None:
    name = one.requirement.name
    rows = dependencies.PAGE.read_text("utf-8").splitlines()
    # in more than one extra, perhaps
    row = next(line for line in rows if line.startswith(f"| {name} |"))

    assert set(FAMILY.findall(row.split("|")[-2])) == set(
        FAMILY.findall(dependencies.licence(name))
    )
    assert FAMILY.search(row.split("|")[-2])


@pytest.mark.parametrize("one", FOUND, ids=lambda one: one.requirement.name)
def test_a_dependency_has_a_reason_and_a_lowest_version(one: dependencies.Dependency) -> None:
    assert one.why
    assert [bound.operator for bound in one.requirement.specifier] == [">="]


def test_a_comment_counts_up_to_the_next_one() -> None:
    text = "# one,\n# two\na\nb\n# three\nc\n# four\na\n"

    assert dependencies.reasons(text) == {"a": "one, two", "b": "one, two", "c": "three"}
