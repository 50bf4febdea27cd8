"""The races again, between worker processes: whatever decides them is in the database."""

import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.invariants import test_races_for_a_session as of_session
from tests.invariants import test_races_for_an_account as of_account
from tests.invariants.fleet import Fleet, Workers
from tests.kit_app import KitApp, empty_tables
from tests.servers.modes import current_mode
from tests.servers.servers import sqlite_url

CHAOS = bool(os.environ.get("CHAOS"))

WORKERS, CONNECTIONS, CROWD = (4, 10, 40) if CHAOS else (2, 10, 16)
REPETITIONS = 25 if CHAOS else 1
ROUNDS = 50 if CHAOS else 2
"""Without a statement to meet at, only many rounds find the narrow moments."""

Race = Callable[[Fleet], Awaitable[None]]


def removing(first: str, second: str) -> Race:
    return partial(
        of_account.test_two_superusers_who_remove_each_other_leave_one,
        first=first,
        second=second,
        rounds=ROUNDS,
    )


RACES: dict[str, Race] = {
    "many refreshes, one successor": (
        of_session.test_many_refreshes_of_one_token_give_one_successor
    ),
    "many refreshes, one generation": (
        of_session.test_many_refreshes_of_one_token_move_one_generation
    ),
    "logout and refresh": partial(
        of_session.test_logout_against_refresh_leaves_nothing_alive, presented="access_token"
    ),
    "logout by refresh token, and refresh": partial(
        of_session.test_logout_against_refresh_leaves_nothing_alive, presented="refresh_token"
    ),
    "revoke one, and refresh": partial(
        of_session.test_revoking_against_refresh_leaves_nothing_alive, route="one"
    ),
    "revoke others, and refresh": partial(
        of_session.test_revoking_against_refresh_leaves_nothing_alive, route="others"
    ),
    "theft and refresh": of_session.test_theft_against_refresh_leaves_nothing_alive,
    "new password and login": (
        of_session.test_a_new_password_against_login_leaves_no_session_of_the_old_one
    ),
    "two new passwords": of_session.test_of_two_new_passwords_at_once_one_holds,
    "deactivation": of_session.test_deactivation_against_refresh_and_login_leaves_nothing_alive,
    "deletion": of_session.test_deletion_against_refresh_and_login_leaves_nothing_alive,
    "registrations, one succeeds": (
        of_account.test_of_many_registrations_of_one_address_one_succeeds
    ),
    "registrations, one row": of_account.test_many_registrations_of_one_address_leave_one_row,
    "two move to one address": of_account.test_of_two_who_move_to_one_address_one_does,
    "demote and demote": removing("demote", "demote"),
    "step down and step down": removing("step down", "step down"),
    "demote and delete": removing("demote", "delete"),
    "deactivate and close": removing("deactivate", "close"),
}

REPEATED = ("many", "registrations", "two move")
"""Names of those that have no rounds of their own begin so."""


@pytest.fixture(scope="module")
def fleet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite's that stays, because processes have it open."""
    return tmp_path_factory.mktemp("fleet") / "fleet.db"


@pytest.fixture
async def tables(
    tables: str, fleet_file: Path, sqlite_template: Path, cleaners: dict[str, AsyncEngine]
) -> str:
    """The address of a database with every table, all empty, the same for every test."""
    if make_url(tables).get_backend_name() != "sqlite":
        return tables
    url = sqlite_url(fleet_file)
    if url not in cleaners:
        shutil.copy(sqlite_template, fleet_file)
        cleaners[url] = create_async_engine(url)
    await empty_tables(cleaners[url])
    return url


@pytest.fixture(scope="module")
def fleets() -> Iterator[dict[str, Workers]]:
    """The workers on each database, kept from test to test."""
    started: dict[str, Workers] = {}
    yield started
    for workers in started.values():
        workers.stop()


@pytest.fixture
def workers(
    one_crowd: None, tables: str, fleets: dict[str, Workers], fleet_file: Path
) -> Iterator[Workers]:
    """The processes on this database; none of them may fail in a way nobody foresaw."""
    log = fleet_file.with_name(f"{make_url(tables).get_backend_name()}.log")
    if tables not in fleets:
        fleets[tables] = Workers()
        for _ in range(WORKERS):
            fleets[tables].start(tables, mode=current_mode(), pool_size=CONNECTIONS, log=log)
    yield fleets[tables]
    assert "Traceback" not in log.read_text()


@pytest.fixture
def fleet(
    workers: Workers, make_app: Callable[..., KitApp], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Fleet]:
    """An installation on several processes."""
    monkeypatch.setattr(of_session, "ROUNDS", ROUNDS)
    fleet = Fleet.of(make_app(engine_options={"pool_size": CROWD}), workers.ports)
    yield fleet
    fleet.rewind()


@pytest.mark.parametrize("name", RACES)
async def test_a_race_ends_across_processes_as_within_one(
    fleet: Fleet, name: str, tables: str, cleaners: dict[str, AsyncEngine]
) -> None:
    for _ in range(REPETITIONS if name.startswith(REPEATED) else 1):
        await RACES[name](fleet)
        await empty_tables(cleaners[tables])
