"""Every event as a log record, once it is true."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import Depends

from fastauth_kit import AuthError, tell
from fastauth_kit.core.event_log import logger
from fastauth_kit.features.passwords import PasswordChanged
from fastauth_kit.features.throttling import Limit, Limits, Throttling
from tests.core.parts import working
from tests.features.accounts.people import join
from tests.kit_app import PASSWORD, KitApp

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
OURS = {"kind", "at", "user_id", "actor_id", "ip", "user_agent", "data", "succeeded"}


def records(caplog: pytest.LogCaptureFixture, kind: str = "") -> list[Any]:
    named = [record for record in caplog.records if record.name == logger.name]
    return [record for record in named if not kind or record.getMessage() == kind]


async def try_login(kit_app: KitApp, password: str = PASSWORD, **headers: str) -> int:
    body = {"email": "ada@example.com", "password": password}
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/login", json=body, headers=headers)
    await kit_app.auth.after_commit.drain()
    return answer.status_code


async def test_a_login_is_one_record_with_a_constant_message(
    kit_app: KitApp, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await kit_app.add_user()
    caplog.set_level(logging.INFO, logger.name)

    await try_login(kit_app, **{"User-Agent": "curl\x1b[2J/8"})

    (record,) = records(caplog)
    assert (record.getMessage(), record.levelno) == ("logged_in", logging.INFO)
    assert set(vars(record)) - STANDARD - {"taskName"} == OURS
    assert (record.user_id, record.ip, record.user_agent) == (str(ada), "203.0.113.7", "curl[2J/8")
    assert (record.at, record.succeeded) == (kit_app.clock.now.isoformat(), True)
    assert set(json.loads(json.dumps(record.data))) == {"session_id", "methods"}


async def test_a_refusal_is_a_warning_and_does_not_repeat_what_was_typed(
    kit_app: KitApp, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await kit_app.add_user()

    assert await try_login(kit_app, "wrong") == 401

    (record,) = records(caplog)
    assert (record.getMessage(), record.levelno) == ("login_failed", logging.WARNING)
    assert (record.user_id, record.data, record.succeeded) == (str(ada), {}, False)


async def test_what_was_rolled_back_is_not_logged(
    kit_app: KitApp, caplog: pytest.LogCaptureFixture
) -> None:
    class Refused(AuthError):
        code = "refused"

    async def tell_and_refuse() -> None:
        async with working(kit_app) as work:
            await tell(work, PasswordChanged(7))
            raise Refused

    caplog.set_level(logging.INFO, logger.name)
    with pytest.raises(Refused):
        await tell_and_refuse()
    await kit_app.auth.after_commit.drain()

    assert records(caplog) == []


async def test_nothing_is_done_where_the_logger_is_off(
    kit_app: KitApp, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.ERROR, logger.name)
    monkeypatch.setattr("fastauth_kit.core.event_log.data_of", None)
    monkeypatch.setattr("fastauth_kit.core.event_log.origin_of", None)
    ada = await join(kit_app)

    assert [await try_login(kit_app), await try_login(kit_app, "wrong")] == [200, 401]
    async with kit_app.client(headers=ada.headers) as client:
        assert (await client.get("/api/users")).status_code == 403


async def test_who_is_denied_is_logged_on_routes_of_the_kit_and_of_the_caller(
    make_app: Callable[..., KitApp], caplog: pytest.LogCaptureFixture
) -> None:
    def configure(app: Any, auth: Any) -> None:
        @app.get("/mine", dependencies=[Depends(auth.current_superuser)])
        async def mine() -> None:
            """Only for superusers."""

    kit_app = make_app(configure=configure)
    ada = await join(kit_app)
    async with kit_app.client(headers=ada.headers) as client:
        answers = [await client.get(path) for path in ("/api/users", "/mine", "/api/users/99")]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert [
        (record.user_id, record.actor_id, record.ip, record.data["path"])
        for record in records(caplog, "access_denied")
    ] == [
        (None, str(ada.id), "203.0.113.7", path)
        for path in ("/api/users", "/mine", "/api/users/99")
    ]


async def test_a_denial_says_what_was_asked_for_and_no_more_than_fits(
    make_app: Callable[..., KitApp], caplog: pytest.LogCaptureFixture
) -> None:
    kit_app = make_app(key="int")
    ada = await join(kit_app)
    async with kit_app.client(headers=ada.headers) as client:
        await client.delete(f"/api/users/{'9' * 300}")

    (record,) = records(caplog, "access_denied")
    (path,) = {record.data.pop("path")}
    assert record.data == {"code": "not_enough_permissions", "method": "DELETE"}
    assert (len(path), path[:14]) == (200, "/api/users/999")


async def test_a_limit_that_is_hit_is_logged(
    make_app: Callable[..., KitApp], caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(per_network=(Limit(1, timedelta(days=1)),))
    kit_app = make_app(more_features=(Throttling(login=limits),))

    assert [await try_login(kit_app), await try_login(kit_app)] == [401, 429]

    (record,) = records(caplog, "too_many_attempts")
    assert record.data == {"operation": "login", "network": "203.0.113.7"}
    assert (record.levelno, record.ip) == (logging.WARNING, "203.0.113.7")
