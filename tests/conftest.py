"""Everything the tests share."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from tests.kit_app import KitApp, build_app, create_tables, empty_tables

pytest_plugins = ["tests.servers.plugin"]


@pytest.fixture
async def tables(database_url: str) -> str:
    """The address of a database with every table, all empty."""
    engine = create_async_engine(database_url)
    await create_tables(engine)
    await empty_tables(engine)
    await engine.dispose()
    return database_url


@pytest.fixture
async def make_app(tables: str) -> AsyncIterator[Callable[..., KitApp]]:
    """Builds installations on one database of each kind; see ``build_app``."""
    built: list[KitApp] = []

    def make(**options: Any) -> KitApp:
        built.append(build_app(tables, **options))
        return built[-1]

    yield make
    for kit_app in built:
        await kit_app.auth.aclose()
        await kit_app.engine.dispose()


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    """An installation with nothing special, with whole-number keys."""
    return make_app()


@pytest.fixture
async def client(kit_app: KitApp) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of ``kit_app``."""
    async with kit_app.client() as client:
        yield client
