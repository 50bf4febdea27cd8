"""The servers the suite runs on are real, and no two workers share a database."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Literal

import pytest
import redis
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.servers import DatabaseKind, DatabaseUrls, Server, Servers
from tests.servers.detect import BadAddress, detect
from tests.servers.launch import (
    CannotStart,
    Started,
    start_postgresql,
    start_valkey,
    wheel_postgresql,
    wheel_valkey,
)
from tests.servers.queries import NotReady, execute, product_and_version
from tests.servers.servers import STALE_SECONDS, created_at

ROOT = Path(__file__).parent.parent


async def test_answers_through_sqlalchemy(database_kind: DatabaseKind, database_url: str) -> None:
    question = {
        "sqlite": "select sqlite_version()",
        "postgresql": "select version()",
        "mariadb": "select version()",
    }[database_kind]
    engine = create_async_engine(database_url, poolclass=NullPool)

    async with engine.connect() as connection:
        answer = await connection.scalar(text(question))
    await engine.dispose()

    expected = {"sqlite": "3.", "postgresql": "PostgreSQL ", "mariadb": "-MariaDB"}
    assert expected[database_kind] in str(answer)


async def test_a_fresh_database_is_empty_and_keeps_every_character(fresh_database_url: str) -> None:
    """Four-byte characters are what MariaDB's older default would refuse."""
    engine = create_async_engine(fresh_database_url, poolclass=NullPool)

    async with engine.begin() as connection:
        await connection.execute(text("create table things (name varchar(20))"))
        await connection.execute(text("insert into things values (:name)"), {"name": "Ada 🦆"})
        name = await connection.scalar(text("select name from things"))
    await engine.dispose()

    assert name == "Ada 🦆"


@pytest.mark.parametrize("database_kind", ["mariadb"], indirect=True)
def test_mariadb_isolates_as_it_does_by_default(database_url: str) -> None:
    assert execute(database_url, "select @@tx_isolation") == ["REPEATABLE-READ"]


def test_redis_answers(redis_url: str, redis_prefix: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"{redis_prefix}name", "Ada", ex=60)

        assert client.get(f"{redis_prefix}name") == b"Ada"


def test_two_workers_never_share_a_database(servers: Servers, database_kind: DatabaseKind) -> None:
    first, second = (DatabaseUrls(servers, worker="gw0") for _ in range(2))
    try:
        execute(first[database_kind], "create table things (id integer)")

        execute(second[database_kind], "create table things (id integer)")

        assert make_url(first[database_kind]).database != make_url(second[database_kind]).database
    finally:
        first.drop()
        second.drop()


def test_a_worker_keeps_its_database(database_urls: DatabaseUrls) -> None:
    assert database_urls["sqlite"] == database_urls["sqlite"]


def test_a_dropped_database_is_gone(servers: Servers, database_kind: DatabaseKind) -> None:
    name = servers.create_database(database_kind)
    url = servers.sqlalchemy_url(database_kind, name)
    execute(url, "create table things (id integer)")

    servers.drop_database(database_kind, name)

    if database_kind == "sqlite":
        assert not Path(make_url(url).database or "").exists()
    else:
        with pytest.raises(NotReady):
            product_and_version(database_kind, url)


@pytest.mark.parametrize(
    ("age_seconds", "stays"), [(STALE_SECONDS + 60, False), (STALE_SECONDS - 600, True)]
)
@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
def test_what_a_killed_run_left_is_dropped_after_a_day(
    servers: Servers,
    database_kind: Literal["postgresql", "mariadb"],
    age_seconds: int,
    stays: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now - age_seconds)
        name = servers.create_database(database_kind)

    servers.drop_stale_databases()

    assert (name in servers.databases(database_kind)) is stays
    if stays:
        servers.drop_database(database_kind, name)


@pytest.mark.parametrize(
    "name",
    ["postgres", "fastauth_test", "fastauth_test_", "my_fastauth_test_1", "fastauth_test_1 x"],
)
def test_only_databases_of_these_tests_are_ever_dropped(servers: Servers, name: str) -> None:
    assert created_at(name) is None
    with pytest.raises(ValueError, match="not a database of these tests"):
        servers.drop_database("postgresql", name)


def test_a_worker_learns_what_the_controller_found() -> None:
    servers = Servers(
        available={"redis": Server(url="redis://h/0", product="Redis 7", origin="at h (found)")},
        missing={"mariadb": "nothing answers"},
    )

    assert Servers.from_json(servers.to_json()) == servers


def test_an_address_that_does_not_answer_is_not_replaced() -> None:
    with pytest.raises(BadAddress, match="TEST_POSTGRES_URL is set, but of no use"):
        detect({"TEST_POSTGRES_URL": "postgresql://nobody:secret@127.0.0.1:1/x"})


def test_the_wheel_brings_postgresql() -> None:
    started = start_postgresql(next(wheel_postgresql()))

    _assert_ends_with_its_keeper(started, lambda: product_and_version("postgresql", started.url))

    assert started.product.startswith("PostgreSQL ")


def test_the_wheel_brings_valkey() -> None:
    program = wheel_valkey()
    assert program is not None
    started = start_valkey(program)

    _assert_ends_with_its_keeper(started, lambda: product_and_version("redis", started.url))

    assert started.product.startswith("Valkey ")


def test_a_brought_server_does_not_outlive_a_killed_run() -> None:
    """Killed, a run closes nothing itself; the system closes its end of the pipe."""
    program = wheel_valkey()
    assert program is not None
    orphan = (
        "import os, signal, sys; from pathlib import Path; from tests.servers import launch;"
        "started = launch.start_valkey(Path(sys.argv[1]));"
        "print(started.url, started.directory, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run(
        [sys.executable, "-c", orphan, str(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    url, directory = run.stdout.split()

    give_up = time.monotonic() + 20
    while Path(directory).exists() and time.monotonic() < give_up:
        time.sleep(0.05)

    assert not Path(directory).exists()
    with pytest.raises(NotReady):
        product_and_version("redis", url)


def test_a_server_that_does_not_start_is_explained(tmp_path: Path) -> None:
    broken = tmp_path / "valkey-server"
    broken.write_text("#!/bin/sh\necho the disk is full\nexit 1\n")
    broken.chmod(0o755)

    with pytest.raises(CannotStart, match="the disk is full"):
        start_valkey(broken)


def test_without_mariadb_tests_are_skipped_loudly() -> None:
    run = _run_pytest(test_answers_through_sqlalchemy, TEST_HIDE="mariadb", REQUIRE_SERVERS="0")

    assert run.returncode == pytest.ExitCode.OK, run.stdout
    assert "MariaDB: NOT FOUND, 1 tests skipped." in run.stdout
    assert "PostgreSQL " in run.stdout


@pytest.mark.parametrize(
    "test", [test_answers_through_sqlalchemy, test_a_server_that_does_not_start_is_explained]
)
def test_where_servers_are_required_a_missing_one_fails_the_run(
    test: Callable[..., object],
) -> None:
    """Also if none of the tests that ran would have used it."""
    run = _run_pytest(test, TEST_HIDE="mariadb", REQUIRE_SERVERS="1")

    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout
    assert "MariaDB: NOT FOUND" in run.stdout


def _assert_ends_with_its_keeper(started: Started, question: Callable[[], str]) -> None:
    try:
        assert question() == started.product
    finally:
        started.stop()
    with pytest.raises(NotReady):
        question()
    assert not started.directory.exists()


def _run_pytest(test: Callable[..., object], **environment: str) -> CompletedProcess[str]:
    """Run one test of this file in a pytest of its own, under xdist as usual."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    inherited.pop("TEST_MARIADB_URL", None)
    inherited.pop("TEST_MODE", None)
    # by its exact id: a pattern might choose the test that runs this, and so on for ever
    node = f"{__file__}::{test.__name__}"
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-n1", "-p", "no:cacheprovider", node],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
