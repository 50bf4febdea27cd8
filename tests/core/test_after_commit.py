"""The background of the loop that committed: bounded, drained, undisturbed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from fastauth_kit import Work
from fastauth_kit.core.after_commit import AfterCommit
from fastauth_kit.features.sessions.events import LoggedIn
from tests.core.parts import On, turns, working
from tests.kit_app import PASSWORD, KitApp, bearer

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

CREDENTIALS = {"email": "ada@example.com", "password": PASSWORD}


class MailServerAway(Exception):
    pass


# -- the worker ------------------------------------------------------------------------


async def test_starting_does_not_wait() -> None:
    worker, gate = AfterCommit(), asyncio.Event()

    worker.start([gate.wait])

    gate.set()  # reached although the action waits
    await worker.drain()
    assert gate.is_set()


async def test_draining_waits_for_every_action() -> None:
    worker, ran = AfterCommit(), list[int]()

    async def action() -> None:
        await turns(20)
        ran.append(1)

    worker.start([action, action])
    await worker.drain()

    assert ran == [1, 1]


async def test_who_is_in_a_hurry_waits_so_long_and_no_longer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker, ran, loop = AfterCommit(), list[str](), asyncio.get_running_loop()

    async def quick() -> None:
        await asyncio.sleep(0.02)
        ran.append("quick")

    async def slow() -> None:
        await asyncio.sleep(60)

    worker.start([quick, slow])
    await turns(3)  # they have begun
    begun = loop.time()
    worker.hurry(seconds=0.2)
    worker.start([slow])  # as an action that is under way may do
    await worker.drain()

    assert loop.time() - begun < 5
    assert ran == ["quick"]
    assert caplog.text.count("an after-commit action failed: TimeoutError") == 2


async def test_what_is_started_after_the_hurry_is_over_does_not_last(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor is anything disturbed that is being cancelled already."""
    worker, ending = AfterCommit(timeout_seconds=0.02), asyncio.Event()

    async def hold_on() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ending.set()
            await turns(50)

    worker.start([hold_on])
    await ending.wait()
    worker.hurry(seconds=0)
    await turns(5)
    worker.start([lambda: asyncio.sleep(60)])
    await worker.drain()

    assert caplog.text.count("an after-commit action failed: TimeoutError") == 2


async def test_draining_waits_for_actions_that_actions_start() -> None:
    worker, ran = AfterCommit(), list[str]()

    async def second() -> None:
        await turns(20)
        ran.append("second")

    async def first() -> None:
        worker.start([second])

    worker.start([first])
    await worker.drain()

    assert ran == ["second"]


async def test_there_is_room_up_to_the_limit() -> None:
    worker, gate = AfterCommit(limit=2), asyncio.Event()
    worker.start([gate.wait, gate.wait])

    async with asyncio.timeout(5):
        await worker.room()

    gate.set()
    await worker.drain()


async def test_there_is_no_room_until_an_action_is_done() -> None:
    worker, gate = AfterCommit(limit=1), asyncio.Event()
    worker.start([gate.wait, gate.wait])
    waiting = asyncio.create_task(worker.room())
    await turns()
    assert not waiting.done()

    gate.set()

    await asyncio.wait_for(waiting, 5)


async def test_a_failure_is_logged_and_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    worker, ran = AfterCommit(), list[int]()

    async def fail() -> None:
        raise MailServerAway

    async def succeed() -> None:
        ran.append(1)

    worker.start([fail, succeed])
    await worker.drain()

    assert ran == [1]
    assert "MailServerAway" in caplog.text


async def test_the_text_of_a_failure_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A mailer's error may repeat the message, and with it the token in its link."""
    worker, link = AfterCommit(), "https://app.test/reset?token=" + "".join(("s3", "cret"))

    async def fail() -> None:
        raise MailServerAway(link) from ValueError(link)

    worker.start([fail])
    await worker.drain()

    assert "MailServerAway" in caplog.text
    assert link not in "".join(caplog.handler.format(record) for record in caplog.records)


async def test_the_place_of_a_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    worker = AfterCommit()

    async def fail_at_a_place() -> None:
        raise MailServerAway

    worker.start([fail_at_a_place])
    await worker.drain()

    assert "fail_at_a_place" in caplog.text


async def test_an_action_that_takes_too_long_is_ended_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = AfterCommit(timeout_seconds=0.001)

    worker.start([asyncio.Event().wait])
    await asyncio.wait_for(worker.drain(), 5)

    assert "TimeoutError" in caplog.text


# -- behind a commit -------------------------------------------------------------------


@ONE_DATABASE
async def test_closing_the_kit_waits_for_the_actions(kit_app: KitApp) -> None:
    ran: list[int] = []

    async def action() -> None:
        await turns(20)
        ran.append(1)

    async with working(kit_app) as work:
        work.after_commit(action)
    await kit_app.auth.aclose()

    assert ran == [1]


@ONE_DATABASE
async def test_shutting_the_app_down_waits_for_the_actions(kit_app: KitApp) -> None:
    ran: list[int] = []

    async def action() -> None:
        await turns(20)
        ran.append(1)

    async with kit_app.app.router.lifespan_context(kit_app.app), working(kit_app) as work:
        work.after_commit(action)

    assert ran == [1]


@ONE_DATABASE
async def test_an_answer_does_not_wait_for_its_actions(make_app: Callable[..., KitApp]) -> None:
    gate = asyncio.Event()

    async def send_mail(work: Work, event: LoggedIn) -> None:
        work.after_commit(gate.wait)

    kit_app = make_app(hooks=(On(LoggedIn, send_mail),))
    await kit_app.add_user()

    async with asyncio.timeout(30):
        await kit_app.sign_in()

    assert not gate.is_set()
    gate.set()


@ONE_DATABASE
async def test_an_answer_waits_for_room_and_nothing_is_dropped(
    make_app: Callable[..., KitApp],
) -> None:
    gate, ran, released_first = asyncio.Event(), list[int](), list[bool]()
    signing_in_again = asyncio.Event()

    async def action() -> None:
        await gate.wait()
        ran.append(1)

    async def send_mail(work: Work, event: LoggedIn) -> None:
        signing_in_again.set()
        work.after_commit(action)

    kit_app = make_app(hooks=(On(LoggedIn, send_mail),), after_commit=AfterCommit(limit=1))
    await kit_app.add_user()
    await kit_app.sign_in()
    signing_in_again.clear()

    async def sign_in_again() -> None:
        await kit_app.sign_in()
        released_first.append(gate.is_set())

    async def release_late() -> None:
        await signing_in_again.wait()
        await turns(5000)  # far more than the rest of the answer takes
        gate.set()

    async with asyncio.timeout(30):
        await asyncio.gather(sign_in_again(), release_late())
        await kit_app.auth.after_commit.drain()

    assert released_first == [True]
    assert ran == [1, 1]


@ONE_DATABASE
async def test_whoever_waits_for_room_has_committed_and_holds_no_connection(
    make_app: Callable[..., KitApp],
) -> None:
    """Or a slow mail server would take the pool, and everybody's locks."""
    gate = asyncio.Event()

    async def send_mail(work: Work, event: LoggedIn) -> None:
        work.after_commit(gate.wait)

    kit_app = make_app(hooks=(On(LoggedIn, send_mail),), after_commit=AfterCommit(limit=1))
    await kit_app.add_user()
    tokens = await kit_app.sign_in()
    waiting = asyncio.create_task(kit_app.sign_in())
    async with asyncio.timeout(30), kit_app.client(headers=bearer(tokens)) as client:
        while len((await client.get("/api/auth/sessions")).json()) < 2:
            await turns()

    pool: Any = kit_app.app_engine.pool
    assert pool.checkedout() == 0
    assert not waiting.done()
    gate.set()
    await waiting


@ONE_DATABASE
async def test_a_failing_action_leaves_the_answer_as_it_is(
    make_app: Callable[..., KitApp],
) -> None:
    async def fail() -> None:
        raise MailServerAway

    async def send_mail(work: Work, event: LoggedIn) -> None:
        work.after_commit(fail)

    kit_app = make_app(hooks=(On(LoggedIn, send_mail),))
    await kit_app.add_user()

    async with kit_app.client() as client:
        answer = await client.post("/api/auth/login", json=CREDENTIALS)

    assert answer.status_code == 200
