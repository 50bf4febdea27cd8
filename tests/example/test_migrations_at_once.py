"""Several processes that migrate at the same time: one does, the others wait."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.example.alembic_command import (
    HEAD,
    REVISIONS,
    add_migration,
    alembic,
    command,
    copy_of_the_example,
    query,
    settings,
    tables,
)
from tests.example.server import FOLDER
from tests.servers.bouncer import bouncer_before
from tests.servers.plugin import require_bouncer

OFFERED = "Will assume"
"""What Alembic logs right before it asks for the lock."""

SECONDS = 60


class Running:
    """The command, started and not waited for."""

    def __init__(self, url: str, *arguments: str, folder: Path, log: Path) -> None:
        self._log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command(*arguments),
                cwd=folder,
                env=settings(url),
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, words: str) -> None:
        """Wait until it has logged something."""
        deadline = time.monotonic() + SECONDS
        while words not in self._log.read_text():
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.02)

    def log(self) -> str:
        """Wait until it has succeeded; return what it logged."""
        assert self.process.wait(SECONDS) == 0, self._log.read_text()
        return self._log.read_text()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait(SECONDS)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the command; whatever still runs after the test is ended."""
    started: list[Running] = []

    def begin(url: str, *arguments: str, folder: Path = FOLDER) -> Running:
        log = tmp_path / f"{len(started)}.log"
        started.append(Running(url, *arguments, folder=folder, log=log))
        return started[-1]

    yield begin
    for one in started:
        one.kill()


def _gate(folder: Path) -> Callable[[], int]:
    """Add a migration that says it began, and goes on when a file says so."""
    began, go = folder / "began", folder / "go"
    began.touch()
    add_migration(
        folder,
        f"pathlib.Path({str(began)!r}).open('a').write('x')\n"
        f"    give_up = time.monotonic() + 60\n"
        f"    while not pathlib.Path({str(go)!r}).exists():\n"
        f"        assert time.monotonic() < give_up\n"
        f"        time.sleep(0.02)\n"
        f"    op.create_table('slow', sa.Column('id', sa.Integer, primary_key=True))",
    )
    return lambda: len(began.read_text())


def test_four_that_start_at_once_run_each_migration_once(
    fresh_database_url: str, start: Start
) -> None:
    four = [start(fresh_database_url, "upgrade", "head") for _ in range(4)]

    logs = "".join(one.log() for one in four)

    assert sorted(re.findall(r"Running upgrade \S* ?-> (\w+)", logs)) == REVISIONS


async def test_the_others_wait_for_a_migration_that_takes_long(
    fresh_database_url: str, start: Start, tmp_path: Path
) -> None:
    folder = copy_of_the_example(tmp_path / "copy")
    began = _gate(folder)
    alembic(fresh_database_url, "upgrade", HEAD, folder=folder)
    three = [start(fresh_database_url, "upgrade", "head", folder=folder) for _ in range(3)]
    for one in three:
        one.wait_for(OFFERED)

    (folder / "go").touch()
    for one in three:
        one.log()

    assert began() == 1
    assert "slow" in await tables(fresh_database_url)


@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
async def test_who_dies_while_migrating_stops_nobody(
    fresh_database_url: str, start: Start, tmp_path: Path
) -> None:
    folder = copy_of_the_example(tmp_path / "copy")
    began = _gate(folder)
    dying = start(fresh_database_url, "upgrade", "head", folder=folder)
    dying.wait_for(f"{HEAD} -> 9999")
    dying.kill()

    (folder / "go").touch()
    alembic(fresh_database_url, "upgrade", "head", folder=folder)

    assert began() == 2
    assert "slow" in await tables(fresh_database_url)


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_a_migration_may_leave_its_transaction(
    fresh_database_url: str, start: Start, tmp_path: Path
) -> None:
    """An index made concurrently waits for others; they must not wait for it as well."""
    folder = copy_of_the_example(tmp_path / "copy")
    go = folder / "go"
    add_migration(
        folder,
        f"give_up = time.monotonic() + 60\n"
        f"    while not pathlib.Path({str(go)!r}).exists():\n"
        f"        assert time.monotonic() < give_up\n"
        f"        time.sleep(0.02)\n"
        f"    with op.get_context().autocommit_block():\n"
        f"        op.create_index('ix_posts_title', 'posts', ['title'], if_not_exists=True,\n"
        f"                        postgresql_concurrently=True)",
    )
    alembic(fresh_database_url, "upgrade", HEAD, folder=folder)
    first = start(fresh_database_url, "upgrade", "head", folder=folder)
    first.wait_for(f"{HEAD} -> 9999")
    second = start(fresh_database_url, "current", folder=folder)
    second.wait_for(OFFERED)

    go.touch()
    first.log()
    second.log()

    made = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_posts_title'::regclass"
    assert await query(fresh_database_url, made) == [(True,)]


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_the_lock_holds_behind_pgbouncer(
    fresh_database_url: str, start: Start, tmp_path: Path
) -> None:
    """It lends connections for a transaction at a time; a lock of a session would be lost."""
    require_bouncer()
    folder = copy_of_the_example(tmp_path / "copy")
    environment = folder / "alembic" / "env.py"
    direct = "poolclass=NullPool"
    assert environment.read_text().count(f"{direct})") == 1
    # what whoever uses pgbouncer has to say: no prepared statements
    through = f"{direct}, connect_args={{'statement_cache_size': 0}}"
    environment.write_text(environment.read_text().replace(f"{direct})", f"{through})"))
    bouncer = bouncer_before(make_url(fresh_database_url)).render_as_string(hide_password=False)

    four = [start(bouncer, "upgrade", "head", folder=folder) for _ in range(4)]
    logs = "".join(one.log() for one in four)

    assert sorted(re.findall(r"Running upgrade \S* ?-> (\w+)", logs)) == REVISIONS
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert await query(fresh_database_url, held) == [(0,)]
