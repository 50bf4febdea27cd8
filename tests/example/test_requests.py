"""What every request passes through, and the one shape of every refusal."""

import asyncio
import json
import logging
from typing import Any

import httpx2
import pytest
from sqlalchemy import event
from starlette.types import Message

from tests.example import inside
from tests.example.inside import Example
from tests.example.server import SECRET, _read_until, free_port, running

REQUEST_ID = "7d8f9ab1c2d34e5f8a6b7c8d9e0f1a2b"
ORIGIN = "http://localhost:3000"
HOSTS = '["example.com", "*.example.org", "www.example.net"]'

one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
def failing_posts(inside_app: Example) -> Any:
    """Let whoever reads posts run into something that nobody foresaw."""

    def fail(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM posts" in statement:
            raise RuntimeError("s3cret")

    event.listen(inside_app.engine.sync_engine, "before_cursor_execute", fail)


async def every_kind_of_answer(client: httpx2.AsyncClient) -> dict[int, httpx2.Response]:
    """Return an answer of each status; posts must be failing."""
    as_json = {"Content-Type": "application/json"}
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    return {
        200: await client.get("/health"),
        -200: await client.options("/api/posts", headers=preflight),
        401: await client.post("/api/posts", json={"title": "x"}),
        404: await client.get("/nowhere"),
        405: await client.put("/health"),
        413: await client.post("/api/posts", content=b" " * 2**20, headers=as_json),
        422: await client.get("/api/posts/x"),
        500: await client.get("/api/posts"),
    }


@one_database
@pytest.mark.usefixtures("failing_posts")
async def test_every_answer_has_every_header(inside_app: Example) -> None:
    answers = await every_kind_of_answer(inside_app.client)

    assert {status: answer.status_code for status, answer in answers.items()} == {
        status: abs(status) for status in answers
    }
    for answer in answers.values():
        assert float(answer.headers["X-Process-Time"]) > 0
        assert len(answer.headers["X-Request-ID"]) == 32
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"


@one_database
@pytest.mark.usefixtures("failing_posts")
async def test_every_refusal_has_the_shape_of_the_kits(inside_app: Example) -> None:
    answers = await every_kind_of_answer(inside_app.client)
    by_kit = await inside_app.client.get("/api/users/me")
    by_us = await inside_app.client.get("/api/users/1/profile", headers={})

    refusals = [answer for status, answer in answers.items() if status > 400]
    for answer in (*refusals, by_us):
        assert answer.headers["content-type"] == by_kit.headers["content-type"]
        assert set(answer.json()) == set(by_kit.json())
        assert answer.json()["status"] == answer.status_code
        assert answer.json()["type"] == "about:blank"


@one_database
async def test_an_exception_of_ours_looks_as_one_of_the_kits(inside_app: Example) -> None:
    root = await inside_app.person("root", superuser=True)

    ours = await inside_app.client.get("/api/posts/99")
    kits = await inside_app.client.get("/api/users/99", headers=root.headers)

    assert ours.headers["content-type"] == kits.headers["content-type"]
    differing = {name for name in kits.json() if kits.json()[name] != ours.json()[name]}
    assert (ours.status_code, kits.status_code) == (404, 404)
    assert differing == {"code", "detail"}


@one_database
@pytest.mark.usefixtures("failing_posts")
async def test_what_nobody_foresaw_is_logged_and_not_told(
    inside_app: Example, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "app"):
        answer = await inside_app.client.get("/api/posts", headers={"Origin": ORIGIN})

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_server_error")
    assert "s3cret" not in answer.text
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "s3cret" in str(record.exc_info[1])


@one_database
@pytest.mark.parametrize(
    ("sent", "kept"), [(REQUEST_ID, True), ("anything", False), ("", False), ("x" * 5000, False)]
)
async def test_a_request_keeps_its_id_if_it_is_one(
    inside_app: Example, sent: str, kept: bool
) -> None:
    answer = await inside_app.client.get("/health", headers={"X-Request-ID": sent})

    assert (answer.headers["X-Request-ID"] == sent) == kept
    assert len(answer.headers["X-Request-ID"]) == 32


def test_lines_of_the_log_name_their_request(tmp_path: Any) -> None:
    port = free_port()
    settings = {
        "SECRET_KEY": SECRET,
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/app.db",
        "DEBUG": "true",
    }
    command = ["-m", "uvicorn", "app.main:app", "--port", str(port)]
    with running(command, settings, ready="startup complete") as (process, _):
        headers = {"X-Request-ID": REQUEST_ID}
        httpx2.get(f"http://127.0.0.1:{port}/api/posts", headers=headers)
        seen = _read_until(process, "GET /api/posts HTTP")

    lines = [line for line in seen.splitlines() if REQUEST_ID in line]
    loggers = {line.split("] ")[1].split(":")[0] for line in lines}
    assert loggers == {"uvicorn.access", "sqlalchemy.engine.Engine"}
    assert len(lines) == len(set(lines))


@one_database
@pytest.mark.parametrize("path", ["/api/posts/", "/health/", "/api/users/"])
async def test_a_slash_too_many_is_no_redirect(inside_app: Example, path: str) -> None:
    """It would repeat the Host header of the request."""
    answer = await inside_app.client.get(path, headers={"Host": "evil.example"})

    assert answer.status_code == 404
    assert "location" not in answer.headers


@one_database
async def test_credentials_are_for_origins_that_are_named(inside_app: Example) -> None:
    preflight = {"Access-Control-Request-Method": "POST"}
    named = await inside_app.client.options("/api/posts", headers={**preflight, "Origin": ORIGIN})
    other = await inside_app.client.options(
        "/api/posts", headers={**preflight, "Origin": "https://evil.example"}
    )

    assert named.headers["access-control-allow-origin"] == ORIGIN
    assert named.headers["access-control-allow-credentials"] == "true"
    assert other.status_code == 400
    assert "access-control-allow-origin" not in other.headers


async def ask_fresh_copy(
    headers: dict[str, str], base_url: str, **settings: str
) -> httpx2.Response:
    """Ask a copy of the app that was started with other settings."""
    with inside.importable(**settings):
        transport = httpx2.ASGITransport(inside.module("main").app)
        async with httpx2.AsyncClient(transport=transport, base_url=base_url) as client:
            return await client.get("/health", headers=headers)


async def test_every_origin_gets_no_credentials() -> None:
    headers = {"Origin": "https://evil.example"}

    answer = await ask_fresh_copy(headers, "http://test", CORS_ORIGINS='["*"]')

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("base_url", "status"),
    [
        ("http://example.com", 200),
        ("http://EXAMPLE.com:8000", 200),
        ("http://api.example.org", 200),
        ("http://evil.example", 400),
        ("http://www.example.com", 400),
        ("http://example.net", 400),  # no redirect, which would repeat what was sent
        ("http://example.org.evil.example", 400),
    ],
)
async def test_a_wrong_host_is_refused(base_url: str, status: int) -> None:
    answer = await ask_fresh_copy({}, base_url, ALLOWED_HOSTS=HOSTS)

    assert answer.status_code == status
    assert "X-Request-ID" in answer.headers


async def test_a_slow_reader_holds_no_connection(
    fresh_database_url: str, example_modules: None
) -> None:
    """The pool has one; the answer of whoever reads slowly is written already."""
    one = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 5}
    async with inside.on_database(fresh_database_url, **one) as example:
        ada = await example.person()
        reading, may_go_on, received = asyncio.Event(), asyncio.Event(), list[Message]()

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send_slowly(message: Message) -> None:
            reading.set()
            await may_go_on.wait()
            received.append(message)

        headers = [(b"host", b"test"), (b"authorization", ada.headers["Authorization"].encode())]
        scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": "/api/users/me/profile", "raw_path": b"/api/users/me/profile",
            "query_string": b"", "root_path": "", "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("test", 80),
        }  # fmt: skip
        slow = asyncio.create_task(example.app(scope, receive, send_slowly))
        await asyncio.wait_for(reading.wait(), 20)
        meanwhile = await example.client.get("/api/users/me/profile", headers=ada.headers)
        may_go_on.set()
        await slow

        assert meanwhile.status_code == 200
        assert json.loads(received[1]["body"]) == meanwhile.json()
