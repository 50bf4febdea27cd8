"""Every way through every route where transactions are strict, or connections borrowed."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.invariants.flows import FLOWS, Journal, Scene
from tests.kit_app import KitApp
from tests.mailing import every_feature
from tests.servers.modes import Mode, current_mode, databases_of, engine_options
from tests.servers.plugin import require_bouncer

EVERY_MODE = pytest.mark.parametrize(
    ("database_kind", "isolation"),
    [("postgresql", "serializable"), ("mariadb", "snapshot"), ("postgresql", "pgbouncer")],
    indirect=True,
)
BORROWED = pytest.mark.parametrize(
    ("database_kind", "isolation"), [("postgresql", "pgbouncer")], indirect=True
)


@pytest.fixture
def strict_app(make_app: Callable[..., KitApp], isolation: Mode) -> KitApp:
    """An installation in one of the modes, with a journal of its events."""
    return make_app(mode=isolation, hooks=(Journal(),), more_features=every_feature())


@EVERY_MODE
async def test_every_flow_ends_as_usual(strict_app: KitApp) -> None:
    [journal] = [hook for hook in strict_app.auth.hooks if isinstance(hook, Journal)]
    scene = Scene(strict_app, journal)
    await scene.set()
    ends: dict[str, int] = {}

    async with strict_app.client() as client:
        for flow in FLOWS:
            ends[str(flow)] = (await flow.send(scene, client)).status_code
            await scene.restore()

    assert ends == {str(flow): flow.status for flow in FLOWS}


@pytest.mark.parametrize(
    ("database_kind", "isolation", "question", "expected"),
    [
        ("postgresql", "serializable", "show transaction_isolation", "serializable"),
        ("mariadb", "snapshot", "select @@innodb_snapshot_isolation", 1),
    ],
    indirect=["database_kind", "isolation"],
)
async def test_a_mode_is_in_force(strict_app: KitApp, question: str, expected: Any) -> None:
    async with strict_app.sessions() as session:
        assert await session.scalar(text(question)) == expected


PID = text("select pg_backend_pid()")


async def connections_seen(engine: AsyncEngine, count: int = 6) -> set[int]:
    """Return on which connections of the server one of ours ran its transactions."""
    async with engine.connect() as first, engine.connect() as second:
        await first.execute(PID)
        await second.execute(PID)
        await second.rollback()
        await first.rollback()
        seen: set[int] = set()
        for _ in range(count):
            seen.add((await first.execute(PID)).scalar_one())
            await first.rollback()
    return seen


@BORROWED
async def test_pgbouncer_lends_a_connection_for_one_transaction(strict_app: KitApp) -> None:
    assert len(await connections_seen(strict_app.engine)) > 1


@pytest.fixture
async def careless_engine(tables: str, isolation: Mode) -> AsyncIterator[AsyncEngine]:
    """One that prepares statements and expects to find them again."""
    options = engine_options(tables, mode=isolation)
    place = {name: options["connect_args"][name] for name in ("host", "port")}
    engine = create_async_engine(tables, connect_args=place)
    yield engine
    await engine.dispose()


@BORROWED
async def test_prepared_statements_are_lost_behind_pgbouncer(careless_engine: AsyncEngine) -> None:
    """So that the options in ``modes.py``, and in the documentation, are needed."""
    with pytest.raises(DBAPIError, match="prepared statement"):
        await connections_seen(careless_engine)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("", ("sqlite", "postgresql", "mariadb")),
        ("serializable", ("postgresql",)),
        ("snapshot", ("mariadb",)),
        ("pgbouncer", ("postgresql",)),
    ],
)
def test_a_mode_concerns_its_databases(name: str, kinds: tuple[str, ...]) -> None:
    assert databases_of(current_mode({"TEST_MODE": name})) == kinds


def test_a_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="TEST_MODE knows"):
        current_mode({"TEST_MODE": "serialisable"})


def test_what_a_test_asks_for_wins() -> None:
    url = "mysql+aiomysql://root@127.0.0.1/x"
    own = {"pool_size": 3, "connect_args": {"connect_timeout": 1}}

    options = engine_options(url, own, mode="snapshot")

    assert options["pool_size"] == 3
    assert set(options["connect_args"]) == {"connect_timeout", "init_command"}
    assert engine_options("sqlite+aiosqlite://", own, mode="snapshot") == own


@pytest.mark.parametrize(
    ("required", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)]
)
def test_without_pgbouncer_its_tests_are_skipped_or_failed(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: type[BaseException]
) -> None:
    """Failed where servers are required."""
    monkeypatch.setenv("TEST_HIDE", "pgbouncer")
    monkeypatch.setenv("REQUIRE_SERVERS", required)

    with pytest.raises(outcome, match="pgbouncer is hidden by TEST_HIDE"):
        require_bouncer()
