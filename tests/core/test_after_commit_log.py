"""What is told of an action that failed, and who waits for whom."""

import asyncio

import pytest

from fastauth_kit.core.after_commit import AfterCommit
from tests.core.parts import turns


class MailServerAway(Exception):
    pass


async def test_a_failed_action_is_logged_by_its_kind_and_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = AfterCommit()

    async def fail() -> None:
        raise MailServerAway("the link with a token in it")

    worker.start([fail])
    await worker.drain()

    (record,) = caplog.records
    first, place, *_ = record.getMessage().splitlines()
    assert (record.name, record.levelname) == ("fastauth_kit", "ERROR")
    assert first == "an after-commit action failed: MailServerAway"
    assert place.startswith("  File ")


async def test_whoever_waits_for_room_waits_for_one_action_and_not_for_all() -> None:
    worker, short, long = AfterCommit(limit=1), asyncio.Event(), asyncio.Event()
    worker.start([short.wait, long.wait])
    waiting = asyncio.create_task(worker.room())
    await turns()

    short.set()

    await asyncio.wait_for(waiting, 5)
    assert not long.is_set()
    long.set()
    await worker.drain()
