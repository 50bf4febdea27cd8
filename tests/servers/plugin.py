"""pytest: one detection per run, databases per worker, a line per server."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from tests.servers import modes, retries
from tests.servers.bouncer import MissingBouncer, installed_bouncer
from tests.servers.databases import DatabaseUrls
from tests.servers.detect import BadAddress, Detection, detect
from tests.servers.kinds import DATABASE_KINDS, PRODUCTS, SERVER_KINDS, DatabaseKind, ServerKind
from tests.servers.node import MissingNode, install_packages
from tests.servers.servers import MissingServer, Servers, sqlite_url

_DETECTION: Final = pytest.StashKey[Detection]()
_WORKER_INPUT: Final = "fastauth_kit_servers"
_RETRIES: Final = "fastauth_kit_retries"


def _worker_input(config: pytest.Config) -> dict[str, Any] | None:
    """What the controller sent; ``None`` in the controller and without xdist."""
    values: dict[str, Any] | None = getattr(config, "workerinput", None)
    return values


def _required() -> bool:
    return os.environ.get("REQUIRE_SERVERS", "") not in ("", "0")


def _detection(config: pytest.Config) -> Detection:
    if _DETECTION not in config.stash:
        received = _worker_input(config)
        if received is not None:
            detection = Detection(servers=Servers.from_json(received[_WORKER_INPUT]))
        else:
            try:
                detection = detect()
            except BadAddress as reason:
                pytest.exit(str(reason), returncode=pytest.ExitCode.USAGE_ERROR)
            config.stash[_DETECTION] = detection
            detection.servers.drop_stale_databases()
        config.stash[_DETECTION] = detection
    return config.stash[_DETECTION]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist which servers there are."""
    node.workerinput[_WORKER_INPUT] = _detection(node.config).servers.to_json()


def pytest_configure() -> None:
    """Count from the first test on."""
    retries.start_counting()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the databases that the mode of this run does not concern."""
    mode = modes.current_mode()
    concerned = modes.databases_of(mode)
    left_out = [item for item in items if _database_of(item) not in (None, *concerned)]
    for item in items:
        reason = modes.EXEMPT.get(mode, {}).get(getattr(item, "originalname", item.name))
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _database_of(item: pytest.Item) -> Any:
    chosen = getattr(item, "callspec", None)
    return chosen.params.get("database_kind") if chosen is not None else None


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker of xdist counted."""
    retries.add(getattr(node, "workeroutput", {}).get(_RETRIES, [{}, {}]))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if _required() and not session.config.option.collectonly:
        _detection(session.config)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[_RETRIES] = retries.counted()
    if _worker_input(config) is not None or _DETECTION not in config.stash:
        return
    missing = config.stash[_DETECTION].servers.missing
    cache: pytest.Cache | None = getattr(config, "cache", None)  # no:cacheprovider
    if cache is not None:
        # tools/coverage_limits.py does not ask for what could not be tested
        cache.set("servers/missing", [PRODUCTS[kind] for kind in missing])
    if missing and _required() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if _DETECTION not in config.stash:
        return
    servers = config.stash[_DETECTION].servers
    terminalreporter.section("servers")
    terminalreporter.line(f"mode: {modes.current_mode()}; {retries.summary()}")
    for kind in SERVER_KINDS:
        if kind in servers.available:
            server = servers.available[kind]
            terminalreporter.line(f"{server.product} {server.origin}")
            continue
        without = _tests_without(terminalreporter, kind)
        fate = "FAILED (REQUIRE_SERVERS is set)" if _required() else "skipped"
        reason = servers.missing.get(kind, "").partition("\n")[0]
        terminalreporter.line(
            f"{PRODUCTS[kind]}: NOT FOUND, {without} tests {fate}. {reason}", red=True, bold=True
        )


def _tests_without(reporter: pytest.TerminalReporter, kind: ServerKind) -> int:
    reports = [*reporter.stats.get("skipped", ()), *reporter.stats.get("error", ())]
    return sum(f"{PRODUCTS[kind]} not found" in str(report.longrepr) for report in reports)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _DETECTION in config.stash:
        config.stash[_DETECTION].stop()


def _require(servers: Servers, kind: ServerKind) -> None:
    """Skip the test if the server is missing, or fail it under REQUIRE_SERVERS."""
    if kind in servers.available:
        return
    missing = str(MissingServer(kind, servers.missing.get(kind, "")))
    if _required():
        pytest.fail(f"{missing} (REQUIRE_SERVERS is set)", pytrace=False)
    pytest.skip(missing.partition("\n")[0])


def require_bouncer() -> None:
    """Skip the test if pgbouncer is not installed, or fail it under REQUIRE_SERVERS."""
    try:
        installed_bouncer()
    except MissingBouncer as missing:
        _skip_or_fail(missing)


def require_node_packages(folder: Path) -> None:
    """Install the packages of a folder for Node.js; without it skip, or fail likewise."""
    try:
        install_packages(folder)
    except MissingNode as missing:
        _skip_or_fail(missing)


def _skip_or_fail(missing: Exception) -> None:
    if _required():
        pytest.fail(f"{missing} (REQUIRE_SERVERS is set)", pytrace=False)
    pytest.skip(str(missing))


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Servers:
    """The servers of this run."""
    return replace(
        _detection(pytestconfig).servers, sqlite_directory=tmp_path_factory.mktemp("sqlite")
    )


@pytest.fixture(scope="session")
def worker_name(pytestconfig: pytest.Config) -> str:
    """``gw0``, ``gw1`` and so on under xdist, else ``main``."""
    return str((_worker_input(pytestconfig) or {}).get("workerid", "main"))


@pytest.fixture(scope="session")
def database_urls(servers: Servers, worker_name: str) -> Iterator[DatabaseUrls]:
    """This worker's own databases, one of each kind: ``database_urls["mariadb"]``."""
    urls = DatabaseUrls(servers, worker=worker_name)
    yield urls
    urls.drop()


@pytest.fixture(scope="session", params=DATABASE_KINDS)
def database_kind(request: pytest.FixtureRequest, servers: Servers) -> DatabaseKind:
    """Run the test once on each database.

    On some of them only:
    ``@pytest.mark.parametrize("database_kind", ["mariadb"], indirect=True)``.
    """
    kind: DatabaseKind = request.param
    if kind != "sqlite":
        _require(servers, kind)
    return kind


@pytest.fixture
def database_url(database_kind: DatabaseKind, database_urls: DatabaseUrls, tmp_path: Path) -> str:
    """The worker's own database; with SQLite a new file for each test.

    On a server the database stays the same from test to test, with whatever
    the tests leave in it.
    """
    return (
        sqlite_url(tmp_path / "test.db")
        if database_kind == "sqlite"
        else database_urls[database_kind]
    )


@pytest.fixture
def fresh_database_url(
    database_kind: DatabaseKind, servers: Servers, worker_name: str
) -> Iterator[str]:
    """A new, empty database for this test alone, dropped after it.

    Dearer than ``database_url`` by the time one takes to create and drop:
    for migrations, and for tables that would stand in another test's way.
    """
    name = servers.create_database(database_kind, worker=worker_name)
    yield servers.sqlalchemy_url(database_kind, name)
    servers.drop_database(database_kind, name)


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    """Redis or Valkey, shared with the other workers and maybe with the machine."""
    _require(servers, "redis")
    return servers.redis_url()


@pytest.fixture
def redis_prefix(redis_url: str, worker_name: str) -> Iterator[str]:
    """A beginning of keys for this test alone; what has it is deleted after it."""
    prefix = f"fastauth_test:{worker_name}:{secrets.token_hex(4)}:"
    yield prefix
    with redis.Redis.from_url(redis_url) as client:
        for key in client.scan_iter(match=f"{prefix}*"):
            client.delete(key)
