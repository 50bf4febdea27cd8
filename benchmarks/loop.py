"""The event loop of clients, and of apps that are counted: uvloop where there is one."""

import asyncio
import importlib.util
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.run(coroutine)
    import uvloop

    return uvloop.run(coroutine)
