"""Whether the caller's session dependency can work, found out at start."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from fastauth_kit.core.errors import ConfigurationError


def check_session_source(get_session: Callable[..., Any]) -> None:
    """Refuse a dependency that would commit after the answer has left.

    Raises:
        ConfigurationError: It is no dependency, or yields inside ``begin()``.
    """
    if not callable(get_session):
        raise ConfigurationError("get_session must be a dependency: a function that yields")
    if any(_holds_yield(block) for block in _begin_blocks(get_session)):
        raise ConfigurationError(
            "get_session yields inside begin(), which commits after the answer has left; "
            "yield from '(async) with maker() as session' instead, the kit commits by itself"
        )


def _begin_blocks(function: Callable[..., Any]) -> Iterator[ast.With | ast.AsyncWith]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # no source to look at: found out on first use
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.With | ast.AsyncWith) and any(map(_calls_begin, node.items)):
            yield node


def _calls_begin(item: ast.withitem) -> bool:
    call = item.context_expr
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "begin"
    )


def _holds_yield(block: ast.With | ast.AsyncWith) -> bool:
    return any(isinstance(node, ast.Yield) for node in ast.walk(block))
