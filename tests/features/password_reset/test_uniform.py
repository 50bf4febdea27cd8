"""Who has an account cannot be told from an answer, nor from the time it takes."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any, Literal

import httpx2
import pytest
from sqlalchemy import event, text
from starlette.middleware.base import BaseHTTPMiddleware

from fastauth_kit import AuthKit
from fastauth_kit.core import afterwards, http
from fastauth_kit.features.mail import Mail
from fastauth_kit.features.one_time_tokens import OneTimeTokens
from fastauth_kit.features.password_reset import PasswordReset
from tests.features.mail.test_mail import Broken
from tests.invariants.driver_errors import Failure
from tests.invariants.injector import Injection, Injector
from tests.kit_app import KitApp
from tests.mailing import mail_features, mails
from tests.servers import DatabaseKind

ADA = "ada@example.com"


@pytest.fixture(params=[None, "request", "function"])
def session_scope(request: pytest.FixtureRequest) -> Literal["request", "function"] | None:
    scope: Literal["request", "function"] | None = request.param
    return scope


@pytest.fixture
def kit_app(
    make_app: Callable[..., KitApp], session_scope: Literal["request", "function"] | None
) -> KitApp:
    return make_app(more_features=mail_features(PasswordReset()), session_scope=session_scope)


async def call(
    app: Any,
    email: str,
    on_sent: Callable[[], Any],
    *,
    path: str = "/api/auth/password/forgot",
    **more: str,
) -> list[dict[str, Any]]:
    """Send a request as a server does; ``on_sent`` is called when the answer is out."""
    body = json.dumps({"email": email, **more}).encode()
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            on_sent()

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "https",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"host", b"app.test")],
        "client": ("203.0.113.7", 4711),
        "server": ("app.test", 443),
    }
    await app(scope, receive, send)
    return sent


async def test_an_answer_leaves_before_the_database_is_asked(kit_app: KitApp) -> None:
    await kit_app.add_user()
    counts: list[int] = []

    for email in (ADA, "nobody@example.com"):
        kit_app.statements.clear()
        await call(kit_app.app, email, lambda: counts.append(len(kit_app.statements)))

    assert counts == [0, 0]
    assert len(await mails(kit_app)) == 1


async def test_answers_are_the_same_to_the_byte(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await kit_app.add_user("off@example.com", is_active=False)
    await kit_app.add_user("bare@example.com", password=None)

    answers = [
        await call(kit_app.app, email, lambda: None)
        for email in (ADA, "nobody@example.com", "off@example.com", "bare@example.com")
    ]

    assert answers == [answers[0]] * 4
    assert answers[0][0]["status"] == 202
    assert answers[0][1]["body"] == b"{}"


async def test_no_connection_is_held_once_all_is_done(kit_app: KitApp) -> None:
    await kit_app.add_user()

    await call(kit_app.app, ADA, lambda: None)

    assert kit_app.app_engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # of pools that count


async def test_middleware_does_not_hold_the_answer_back(make_app: Callable[..., KitApp]) -> None:
    def configure(app: Any, auth: AuthKit[Any]) -> None:
        async def pass_on(request: Any, call_next: Any) -> Any:
            return await call_next(request)

        app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)

    kit_app = make_app(more_features=mail_features(PasswordReset()), configure=configure)
    await kit_app.add_user()
    kit_app.statements.clear()
    counts: list[int] = []

    await call(kit_app.app, ADA, lambda: counts.append(len(kit_app.statements)))

    assert counts == [0]
    assert len(await mails(kit_app)) == 1


async def test_a_database_that_is_away_changes_no_answer(
    kit_app: KitApp, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await kit_app.add_user()

    @event.listens_for(kit_app.app_engine, "before_cursor_execute")
    def fail(*_: Any) -> None:
        raise ConnectionRefusedError(ADA)

    answer = await client.post("/api/auth/password/forgot", json={"email": ADA})

    event.remove(kit_app.app_engine, "before_cursor_execute", fail)
    assert (answer.status_code, answer.json()) == (202, {})
    assert "work after an answer failed: DatabaseUnavailable" in caplog.text
    assert ADA not in caplog.text


async def test_a_fault_is_logged_by_its_class_alone(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await kit_app.add_user()

    async def issue(*_: Any, **named: Any) -> str:
        raise LookupError(str(named))

    monkeypatch.setattr(OneTimeTokens, "issue", issue)

    answer = await client.post("/api/auth/password/forgot", json={"email": ADA})

    assert answer.status_code == 202
    assert "work after an answer failed: LookupError" in caplog.text
    assert ADA not in caplog.text


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_it_runs_again_when_the_database_asks_for_it(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    database_kind: DatabaseKind,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    monkeypatch.setattr(http, "_backoff_seconds", lambda _: 0)
    await kit_app.add_user()

    with Injector(kit_app, database_kind).watching(
        Injection("statement", number, Failure.RETRYABLE)
    ):
        await client.post("/api/auth/password/forgot", json={"email": ADA})

    assert len(await mails(kit_app)) == 1


async def test_it_does_not_run_for_ever(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await kit_app.add_user()
    monkeypatch.setattr(afterwards, "LONGEST_SECONDS", 0.05)

    async def hang(*_: Any, **named: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Mail, "send_later", hang)

    answer = await client.post("/api/auth/password/forgot", json={"email": ADA})

    assert answer.status_code == 202
    assert "work after an answer failed: TimeoutError" in caplog.text
    assert kit_app.app_engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # of pools that count
    async with kit_app.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM int_one_time_tokens")) == 0


async def test_a_mailer_that_is_away_changes_no_answer(
    make_app: Callable[..., KitApp], caplog: pytest.LogCaptureFixture
) -> None:
    kit_app = make_app(more_features=mail_features(PasswordReset(), mailer=Broken()))
    await kit_app.add_user()
    with caplog.at_level(logging.DEBUG, logger="fastauth_kit"):
        async with kit_app.client() as client:
            answer = await client.post("/api/auth/password/forgot", json={"email": ADA})
        await kit_app.auth.after_commit.drain()

    assert (answer.status_code, answer.json()) == (202, {})
    assert "an after-commit action failed: OSError" in caplog.text
    assert "token=" not in caplog.text


async def test_as_many_statements_follow_whatever_the_address_of_nobody(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """Afterwards, where nobody looks: an unknown address costs one statement."""
    kit_app.statements.clear()

    await client.post("/api/auth/password/forgot", json={"email": "nobody@example.com"})

    assert len(kit_app.statements) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": None},
        {"email": 5},
        {"email": ["a@b"]},
        {"email": ""},
        {"email": "nobody"},
        {"email": "@"},
        {"email": "a@b\x00"},
        {"email": "x" * 400 + "@example.com"},
    ],
)
async def test_what_is_no_address_is_refused_and_not_repeated(
    kit_app: KitApp, client: httpx2.AsyncClient, body: dict[str, Any]
) -> None:
    kit_app.statements.clear()

    answer = await client.post("/api/auth/password/forgot", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert kit_app.statements == []
