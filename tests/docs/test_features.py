"""Whoever adds a feature is told what belongs to it; CONTRIBUTING.md has the steps."""

import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from tests.docs.programs import DOCS
from tests.invariants.everything import feature_classes

ELSEWHERE = {
    "accounts": "reference/settings.md",
    "passwords": "reference/settings.md",
    "sessions": "reference/settings.md",
    "signing_keys": "reference/settings.md",
    "one_time_tokens": "reference/settings.md",
}
FEATURES = {kind.name: kind for kind in feature_classes()}


def page_of(name: str) -> str:
    return (DOCS / ELSEWHERE.get(name, f"features/{name}.md")).read_text("utf-8")


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_a_feature_has_a_page_with_its_options(name: str) -> None:
    kind: Any = FEATURES[name]
    options = {field.name for field in dataclasses.fields(kind) if field.init}

    assert options - set(re.findall(r"^\| `(\w+)` \|", page_of(name), re.MULTILINE)) == set()


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_the_routes_of_a_feature_are_in_the_reference(name: str) -> None:
    folder = Path(inspect.getfile(FEATURES[name])).parent
    code = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    routes = set(re.findall(r"table\.add\(\s*\"(\w+)\"", code))
    reference = (DOCS / "reference" / "http.md").read_text("utf-8")

    assert {route for route in routes if f"`{route}`" not in reference} == set()
