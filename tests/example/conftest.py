"""The example app within this process; ``server.py`` has it as a process of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.example import inside
from tests.example.inside import Example


@pytest.fixture(scope="package")
def example_modules() -> Iterator[None]:
    """The example, importable as ``app``."""
    with inside.importable():
        inside.module("main")
        inside.hash_cheaply()
        yield


@pytest.fixture
async def inside_app(fresh_database_url: str, example_modules: None) -> AsyncIterator[Example]:
    """The app on a new database of each kind."""
    async with inside.on_database(fresh_database_url) as example:
        yield example
