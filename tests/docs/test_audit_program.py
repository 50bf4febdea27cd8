"""The programs of the page on the audit, with what the page says they do."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.programs import ADA, load, running, sign_up


@pytest.fixture
def events() -> Iterator[logging.Logger]:
    """The logger, as it was afterwards."""
    logger = logging.getLogger("fastauth_kit.events")
    before = (logger.level, logger.handlers)
    yield logger
    logger.setLevel(before[0])
    logger.handlers = before[1]


async def test_what_happened_is_in_ones_own_list(tmp_path: Path) -> None:
    async with running(load("audit.py"), tmp_path) as client:
        headers = await sign_up(client)
        await client.post("/api/auth/login", json={**ADA, "password": "wrong"})
        exported = await client.post("/export", headers=headers)
        found = await client.get("/api/auth/events", headers=headers)

    assert exported.status_code == 204
    items = found.json()["items"]
    kinds = [item["kind"] for item in items]
    assert kinds == ["data_exported", "login_failed", "logged_in", "user_created"]
    assert (items[0]["data"], items[0]["by_administrator"]) == ({"files": 3}, False)


async def test_the_job_deletes_nothing_young(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = load("audit.py")
    async with running(program, tmp_path) as client:
        await sign_up(client)
        await program.main()

    assert capsys.readouterr().out == "0 events deleted\n"


@pytest.mark.parametrize("way", ["log_events", "log_events_with_structlog"])
async def test_every_event_is_a_line_of_json(
    tmp_path: Path, events: logging.Logger, way: str
) -> None:
    stream = io.StringIO()
    getattr(load("event_log.py"), way)(stream)
    program = load("audit.py")
    async with running(program, tmp_path) as client:
        await sign_up(client)
        injected = "eve@example.com\r\nINFO root: all is well"
        await client.post("/api/auth/login", json={"email": injected, "password": "x"})
        await program.auth.after_commit.drain()

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["kind"] for line in lines] == ["user_created", "logged_in", "login_failed"]
    assert [line["level"].upper() for line in lines] == ["INFO", "INFO", "WARNING"]
    assert "@" not in stream.getvalue()
