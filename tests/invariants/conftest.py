"""What the tests of the invariants share."""

import fcntl
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.invariants.crowd import crowd_options, open_connections
from tests.kit_app import KitApp
from tests.servers import DatabaseKind
from tests.servers.modes import Mode, current_mode
from tests.servers.plugin import require_bouncer

REPETITIONS = int(os.environ.get("REPETITIONS", "50"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Under ``CHAOS=1`` repeat the races: some moments are narrow."""
    is_race = metafunc.module.__name__.rpartition(".")[2].startswith("test_races_for_")
    if is_race and os.environ.get("CHAOS"):
        metafunc.fixturenames.append("repetition")
        metafunc.parametrize("repetition", range(REPETITIONS))


@pytest.fixture
def isolation(request: pytest.FixtureRequest) -> Mode:
    """How strict the transactions are; see ``EVERY_DATABASE``."""
    mode: Mode = getattr(request, "param", "usual")
    if mode == "pgbouncer":
        require_bouncer()
    return current_mode() if mode == "usual" else mode


@pytest.fixture
def crowd(isolation: Mode) -> dict[str, Any]:
    """Options of an app for many at once."""
    return crowd_options(isolation)


@pytest.fixture
def one_crowd(
    database_kind: DatabaseKind, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Let one worker at a time have its crowd: PostgreSQL usually takes 100 connections.

    To be asked for before ``make_app``, so that it is given back after the
    connections are.
    """
    if database_kind != "postgresql":
        yield
        return
    shared = tmp_path_factory.getbasetemp().parent
    with (shared / "crowd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
async def crowd_app(
    one_crowd: None, make_app: Callable[..., KitApp], crowd: dict[str, Any]
) -> KitApp:
    """An installation with a connection for each of a crowd."""
    return make_app(**crowd)


@pytest.fixture
async def warm_app(crowd_app: KitApp) -> KitApp:
    """The same, with some connections open already."""
    await open_connections(crowd_app, 4)
    return crowd_app
