"""The list of tests that do not run over cookies names tests that exist."""

import ast
from pathlib import Path

from tests.both_transports import NOT_BY_COOKIE

FEATURES = Path(__file__).parents[1]


def test_the_list_has_no_unknown_names() -> None:
    files = (FEATURES / "sessions").glob("test_*.py")
    known = {
        node.name
        for file in files
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {name for names in NOT_BY_COOKIE.values() for name in names} <= known
