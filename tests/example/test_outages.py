"""The database is away, or goes away: 503 with Retry-After, on our own routes too."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.example import inside
from tests.example.inside import Example, Person
from tests.example.server import free_port
from tests.servers.queries import execute

KILL = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = '{0}' AND pid <> pg_backend_pid()",
    "mysql": "KILL {1}",
}


def assert_unavailable(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert "127.0.0.1" not in answer.text


def requests(person: Person) -> list[tuple[str, str, dict[str, Any], dict[str, str]]]:
    """Return a request to each of our own routes."""
    post = {"title": "Hello"}
    return [
        ("GET", "/api/posts", {}, {}),
        ("GET", "/api/posts/1", {}, {}),
        ("POST", "/api/posts", post, person.headers),
        ("PATCH", "/api/posts/1", post, person.headers),
        ("DELETE", "/api/posts/1", {}, person.headers),
        ("GET", "/api/users/me/profile", {}, person.headers),
        ("PATCH", "/api/users/me/profile", {"bio": "x"}, person.headers),
        ("GET", "/api/users/1/profile", {}, person.headers),
    ]


@pytest.fixture
async def nowhere(inside_app: Example, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An engine of the same kind, where no database is."""
    database, port = inside.module("database"), free_port()
    url = {
        "sqlite": f"sqlite+aiosqlite:///{tmp_path}/not/there.db",
        "postgresql": f"postgresql+asyncpg://app:s3cret@127.0.0.1:{port}/app",
        "mysql": f"mysql+aiomysql://app:s3cret@127.0.0.1:{port}/app",
    }[inside_app.engine.dialect.name.replace("mariadb", "mysql")]
    engine: AsyncEngine = database.make_engine(url)
    yield engine
    await engine.dispose()


async def test_a_database_that_is_away_is_503_everywhere(
    inside_app: Example, nowhere: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    sessions = inside.module("database").AsyncSessionLocal
    ada = await inside_app.person()
    await inside_app.write(ada)
    sessions.configure(bind=nowhere)

    for method, path, body, headers in requests(ada):
        answer = await inside_app.client.request(method, path, json=body, headers=headers)
        assert_unavailable(answer)

    assert "s3cret" not in caplog.text
    sessions.configure(bind=inside_app.engine)
    assert len((await inside_app.client.get("/api/posts")).json()["items"]) == 1


@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
@pytest.mark.parametrize("at", ["FROM posts", "INSERT INTO posts", "commit"])
async def test_a_connection_that_dies_on_the_way_is_503_once(
    inside_app: Example, fresh_database_url: str, at: str
) -> None:
    ada = await inside_app.person()
    engine, killed = inside_app.engine.sync_engine, list[str]()

    def kill(connection: Any) -> None:
        if not killed:
            killed.append(at)
            kind = "postgresql" if fresh_database_url.startswith("postgresql") else "mysql"
            proxied = connection.connection.driver_connection
            number = proxied.thread_id() if kind == "mysql" else 0
            execute(fresh_database_url, KILL[kind].format(engine.url.database, number))

    def at_statement(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if at in statement:
            kill(connection)

    event.listen(engine, "before_cursor_execute", at_statement)
    if at == "commit":
        event.listen(engine, "commit", kill)
    method = "GET" if at == "FROM posts" else "POST"
    request = {"json": {"title": "Hello"}, "headers": ada.headers}
    first = await inside_app.client.request(method, "/api/posts", **request)
    second = await inside_app.client.request(method, "/api/posts", **request)

    assert killed == [at]
    assert_unavailable(first)
    assert second.status_code in {200, 201}


async def test_an_exhausted_pool_is_503(fresh_database_url: str, example_modules: None) -> None:
    one = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.2}
    async with inside.on_database(fresh_database_url, **one) as example:
        async with example.engine.connect():
            refused = await example.client.get("/api/posts")
        served = await example.client.get("/api/posts")

    assert_unavailable(refused)
    assert served.status_code == 200


async def test_readiness_tells_and_health_does_not(
    inside_app: Example, nowhere: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes, client = inside.module("api.routes.health"), inside_app.client
    monkeypatch.setattr(routes, "engine", inside_app.engine)
    ready = await client.get("/ready")
    monkeypatch.setattr(routes, "engine", nowhere)
    not_ready, alive = await client.get("/ready"), await client.get("/health")

    assert (ready.status_code, ready.json()["database"]) == (200, "ok")
    assert (not_ready.status_code, not_ready.json()["database"]) == (503, "unavailable")
    assert int(not_ready.headers["Retry-After"]) > 0
    assert (alive.status_code, alive.json()) == (200, {"status": "healthy"})
