"""Everything the tests share."""

import os
import shutil
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import hypothesis
import pytest
from anyio._backends._asyncio import WorkerThread
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from fastauth_kit.features.cookies import Cookies
from tests.both_transports import runs_by_cookie
from tests.cookie_front import CookieFront
from tests.kit_app import (
    START,
    Built,
    KitApp,
    SessionStyle,
    build,
    build_app,
    create_tables,
    empty_tables,
)
from tests.servers import DATABASE_KINDS

pytest_plugins = ["tests.servers.plugin"]

# Idle threads stay. Where coverage traces, CPython 3.11 can spin for ever when several
# threads that it traced end in one moment, as anyio's do after ten idle seconds.
WorkerThread.MAX_IDLE_TIME = sys.maxsize

# the same code gets the same verdict; "make fuzz" looks where nobody looked yet
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("fuzz", max_examples=1000, deadline=None)
hypothesis.settings.load_profile("fuzz" if os.environ.get("FUZZ") else "repeatable")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run each test over asynchronous sessions everywhere, over others on one database.

    Which one depends on its name alone; with ``EVERY_STYLE`` it is all of them.

    Measuring what a test reaches doubles its time, and two databases seldom reach
    more than one. ``PART=measured`` runs each test on one of them, and what runs on
    none; ``PART=rest`` the others.
    """
    every_style, part = bool(os.environ.get("EVERY_STYLE")), os.environ.get("PART")
    if part not in (None, "measured", "rest"):
        raise pytest.UsageError(f"PART must be measured or rest, not {part!r}")
    dropped = {
        item
        for item in items
        if (not every_style and _is_extra(item))
        or _is_not_by_cookie(item)
        or (part is not None and _is_measured(item) != (part == "measured"))
    }
    config.hook.pytest_deselected(items=[item for item in items if item in dropped])
    items[:] = [item for item in items if item not in dropped]


def pytest_collection_finish() -> None:
    """Let the runs of pytest that tests start be whole."""
    os.environ.pop("PART", None)


def _is_extra(item: pytest.Item) -> bool:
    if _parameters(item).get("session_style") != "sync":
        return False
    return not _is_on(item, _chosen_kind(item, "sync"))


def _is_measured(item: pytest.Item) -> bool:
    if item.get_closest_marker("measured_everywhere") or "tests/core/" in item.nodeid:
        return True  # the core speaks to each database in its own way
    return _is_on(item, _chosen_kind(item, _parameters(item).get("session_style", "")))


def _parameters(item: pytest.Item) -> dict[str, Any]:
    return getattr(getattr(item, "callspec", None), "params", {})


def _chosen_kind(item: pytest.Item, style: str) -> str:
    """Return the kind of database that falls to a test, by its name."""
    function = item.nodeid.partition("[")[0]
    place = zlib.crc32(function.encode()) + (style == "async")
    return DATABASE_KINDS[place % len(DATABASE_KINDS)]


def _is_on(item: pytest.Item, kind: str) -> bool:
    """Whether a test runs on a kind of database, or on none, or never does on that kind."""
    own = _parameters(item).get("database_kind", kind)
    return own == kind or not _runs_on(item, kind)


def _is_not_by_cookie(item: pytest.Item) -> bool:
    """Cookies depend on no database: one will do, and those tests that can tell."""
    parameters = _parameters(item)
    if parameters.get("token_transport") != "cookie":
        return False
    function = item.nodeid.partition("[")[0].rpartition("::")[2]
    where = parameters.get("database_kind"), parameters.get("session_style")
    return where != ("sqlite", "async") or not runs_by_cookie(function)


def _runs_on(item: pytest.Item, kind: str) -> bool:
    """Whether a test runs on a kind of database at all."""
    for mark in item.iter_markers("parametrize"):
        names = mark.args[0]
        if "database_kind" in (names if isinstance(names, str) else ",".join(names)):
            return kind in repr(mark.args[1])
    return True


@pytest.fixture(scope="session")
async def cleaners() -> AsyncIterator[dict[str, AsyncEngine]]:
    """Engines that empty the tables between tests, by address of the database."""
    engines: dict[str, AsyncEngine] = {}
    yield engines
    for engine in engines.values():
        await engine.dispose()


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table, to be copied: quicker than making them each time."""
    file = tmp_path_factory.mktemp("template") / "tables.db"
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
    await create_tables(engine)
    await engine.dispose()
    return file


@pytest.fixture
async def tables(database_url: str, cleaners: dict[str, AsyncEngine], sqlite_template: Path) -> str:
    """The address of a database with every table, all empty."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        shutil.copy(sqlite_template, str(url.database))
        return database_url
    if database_url not in cleaners:
        cleaners[database_url] = create_async_engine(database_url)
        await create_tables(cleaners[database_url])
    await empty_tables(cleaners[database_url])
    return database_url


@pytest.fixture(params=["async", "sync"])
def session_style(request: pytest.FixtureRequest) -> SessionStyle:
    """Run the test once over each kind of session of a caller's."""
    style: SessionStyle = request.param
    return style


@pytest.fixture
def token_transport(request: pytest.FixtureRequest) -> str:
    """How tokens travel; ``by_both`` has a folder's tests run over cookies, too."""
    transport: str = getattr(request, "param", "bearer")
    return transport


@pytest.fixture
async def make_app(
    tables: str, session_style: SessionStyle, token_transport: str
) -> AsyncIterator[Callable[..., KitApp]]:
    """Builds installations on one database of each kind; see ``build_app``."""
    made: list[KitApp] = []

    def make(**options: Any) -> KitApp:
        if token_transport == "cookie":
            options["more_features"] = (*options.get("more_features", ()), Cookies())
        made.append(build_app(tables, **{"style": session_style, **options}))
        if token_transport == "cookie":
            made[-1].cookie_front = CookieFront()
        return made[-1]

    yield make
    for kit_app in made:
        await kit_app.close()


@pytest.fixture(scope="session")
def plain_apps() -> dict[SessionStyle, Built]:
    """Apps with nothing special, to be used again: building one takes longer than most tests."""
    return {}


@pytest.fixture
def kit_app(
    make_app: Callable[..., KitApp],
    session_style: SessionStyle,
    token_transport: str,
    plain_apps: dict[SessionStyle, Built],
) -> Iterator[KitApp]:
    """An installation with nothing special, with whole-number keys."""
    if token_transport == "cookie":
        yield make_app()
        return
    built = plain_apps.pop(session_style, None) or build(style=session_style)
    built.clock.now = START
    yield make_app(built=built)
    if built.is_untouched:
        plain_apps[session_style] = built


@pytest.fixture
async def client(kit_app: KitApp) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of ``kit_app``."""
    async with kit_app.client() as client:
        yield client
