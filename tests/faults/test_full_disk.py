"""SQLite with no space left: refused, nothing half done, and well again with space."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import event

from tests.faults.app import FaultyApp, build
from tests.faults.forms import form, only_in_the_long_form, say, seeded
from tests.faults.ledger import Ledger
from tests.faults.load import PEOPLE, check
from tests.faults.watch import Caller, Watch
from tests.servers.servers import sqlite_url

REFUSALS = form(short=20, long=500)
"""So many answers of 503 are waited for before there is room again."""

MOST_ROUNDS = 3000
ROOM = 2**30


@asynccontextmanager
async def starving(file: Path, limit_pages: Callable[[], int]) -> AsyncIterator[Ledger]:
    """Run an app on a file, and an empty ledger of what is asked of it."""
    app = build(sqlite_url(file))
    limit(app, limit_pages)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        ledger = Ledger(Caller(client, Watch()), seeded("full disk"))
        ledger.add(PEOPLE)
        yield ledger
    await app.auth.aclose()
    await app.engine.dispose()


def limit(app: FaultyApp, pages: Callable[[], int]) -> None:
    """Let the file have so many pages, asked whenever the pool gives a connection."""

    @event.listens_for(app.engine.sync_engine, "checkout")
    def limit_them(connection: Any, *_: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count = {pages()}")
        cursor.close()


async def fill(ledger: Ledger) -> None:
    """Work until there is no room, and go on a little."""
    answers = ledger.caller.watch.answers
    for _ in range(MOST_ROUNDS):
        if answers[503] >= REFUSALS:
            return
        await asyncio.gather(*(ledger.act(account) for account in ledger.accounts))
    raise AssertionError("the disk is never full")


async def recover(ledger: Ledger, make_room: Callable[[], object]) -> None:
    """Check that reading goes on without room, and everything with it."""
    signed_in = [account for account in ledger.accounts if account.first]
    assert signed_in
    for account in signed_in:
        assert await account.look(), "to read needs no room"
    make_room()
    await check(ledger, [*ledger.accounts, *ledger.registered], everything=True)
    for account in ledger.accounts:
        assert await account.act(ledger.random)


def pragma(file: Path, name: str) -> Any:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


async def test_a_full_file_is_503_and_works_again_with_room(
    tmp_path: Path, sqlite_template: Path
) -> None:
    file = shutil.copy(sqlite_template, tmp_path / "full.db")
    pages = pragma(file, "page_count") + 4

    def make_room() -> None:
        nonlocal pages
        pages = ROOM

    async with starving(file, lambda: pages) as ledger:
        await fill(ledger)
        await recover(ledger, make_room)
        say(f"sqlite, max_page_count: {ledger.story()}")
    assert pragma(file, "integrity_check") == "ok"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with little room."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"nothing may be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@only_in_the_long_form
@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
async def test_a_full_file_system_is_503_and_works_again_with_room(
    small_disk: Path, sqlite_template: Path
) -> None:
    """The write-ahead log and its index have no room either."""
    file = shutil.copy(sqlite_template, small_disk / "full.db")

    def make_room() -> None:
        remount = ["mount", "-o", "remount,size=64m", str(small_disk)]
        subprocess.run(remount, check=True, capture_output=True)

    async with starving(file, lambda: ROOM) as ledger:
        await fill(ledger)
        await recover(ledger, make_room)
        say(f"sqlite, full file system: {ledger.story()}")
    assert pragma(file, "integrity_check") == "ok"
