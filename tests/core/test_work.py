"""One unit of work: what is written, when it becomes real, what becomes of a refusal."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import event, insert, select

from fastauth_kit import AuthError, ConfigurationError, Work
from fastauth_kit.core.database import Database, opened
from fastauth_kit.core.errors import Busy
from fastauth_kit.features.accounts import UserCreated
from tests.core.parts import On, checked_out, fetch, turns, working
from tests.kit_app import PASSWORD, IntPost, IntUser, KitApp

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

BODY = {"email": "ada@example.com", "password": PASSWORD}
ADA = insert(IntUser).values(id=1, email="ada@example.com")
NOTE = insert(IntUser).values(id=2, email="note@example.com")


class Refusal(AuthError):
    code = "refusal"


async def write_note(work: Work) -> None:
    await work.execute(NOTE)


# -- the commit ------------------------------------------------------------------------


async def test_what_is_written_is_committed_before_the_answer_leaves(kit_app: KitApp) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def looking(message: Any) -> None:
            if message["type"] == "http.response.start":
                seen.extend(await fetch(kit_app, select(IntUser.email)))
            await send(message)

        await kit_app.app(scope, receive, looking)

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="https://app.test"
    ) as client:
        await client.post("/api/auth/register", json=BODY)

    assert seen == ["ada@example.com"]


async def test_an_error_rolls_back(kit_app: KitApp) -> None:
    async def attempt() -> None:
        async with working(kit_app) as work:
            await work.execute(ADA)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await attempt()

    assert await fetch(kit_app, select(IntUser.id)) == []


async def test_an_error_drops_what_was_to_follow_the_commit(kit_app: KitApp) -> None:
    ran: list[str] = []

    async def action() -> None:
        ran.append("action")

    async def attempt() -> None:
        async with working(kit_app) as work:
            work.after_commit(action)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await attempt()
    await turns()

    assert ran == []


async def test_the_failure_of_a_rollback_does_not_hide_the_error(
    kit_app: KitApp, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(connection: Any) -> None:
        connection.exec_driver_sql("no statement at all")

    async def attempt() -> None:
        async with working(kit_app) as work:
            await work.execute(ADA)
            event.listen(kit_app.app_engine, "rollback", fail, once=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await attempt()

    assert "rolling back failed" in caplog.text


# -- refused attempts ------------------------------------------------------------------


async def test_a_refused_attempt_is_rolled_back_and_what_it_recorded_is_kept(
    kit_app: KitApp,
) -> None:
    async def attempt() -> None:
        async with working(kit_app) as work:
            await work.execute(ADA)
            work.record(write_note)
            raise Refusal

    with pytest.raises(Refusal):
        await attempt()

    assert await fetch(kit_app, select(IntUser.id)) == [2]


async def test_actions_that_a_record_adds_follow_its_commit(kit_app: KitApp) -> None:
    seen: list[Any] = []

    async def look() -> None:
        seen.extend(await fetch(kit_app, select(IntUser.id)))

    async def record(work: Work) -> None:
        await write_note(work)
        work.after_commit(look)

    async def attempt() -> None:
        async with working(kit_app) as work:
            work.record(record)
            raise Refusal

    with pytest.raises(Refusal):
        await attempt()
    await kit_app.auth.after_commit.drain()

    assert seen == [2]


@ONE_DATABASE
@pytest.mark.parametrize("error", [Busy(), ZeroDivisionError()])
async def test_what_is_no_refusal_records_nothing(kit_app: KitApp, error: Exception) -> None:
    """A transient failure is tried again: it would count twice."""

    async def attempt() -> None:
        async with working(kit_app) as work:
            work.record(write_note)
            raise error

    with pytest.raises(type(error)):
        await attempt()

    assert await fetch(kit_app, select(IntUser.id)) == []


@ONE_DATABASE
async def test_success_records_nothing(kit_app: KitApp) -> None:
    async with working(kit_app) as work:
        work.record(write_note)

    assert await fetch(kit_app, select(IntUser.id)) == []


async def test_a_record_that_fails_leaves_no_transaction_open(kit_app: KitApp) -> None:
    """The attempt may be repeated on another connection, which must not meet its locks."""

    async def fail(work: Work) -> None:
        await write_note(work)
        raise ZeroDivisionError

    async with kit_app.sessions() as session:

        async def attempt() -> None:
            async with kit_app.auth.work_for(session) as work:
                work.record(fail)
                raise Refusal

        with pytest.raises(ZeroDivisionError):
            await attempt()

        assert not session.in_transaction()


async def test_a_commit_that_fails_leaves_no_transaction_open(kit_app: KitApp) -> None:
    def fail(connection: Any) -> None:
        connection.exec_driver_sql("no statement at all")

    async with opened(kit_app.make_session()) as database:
        event.listen(kit_app.app_engine, "commit", fail, once=True)
        with pytest.raises(Exception, match="no statement at all"):
            async with Work(kit_app.auth, database) as work:
                await work.execute(ADA)

        assert checked_out(kit_app) == 0


# -- sessions that cannot be used ------------------------------------------------------


@ONE_DATABASE
async def test_a_route_refuses_a_session_inside_begin(kit_app: KitApp) -> None:
    """Its commit would come after the answer."""
    async with kit_app.sessions() as session, session.begin():
        work = Work(kit_app.auth, Database(session), may_join=False)

        with pytest.raises(ConfigurationError, match="yield a plain session"):
            await work.__aenter__()


def test_anything_but_a_session_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="an AsyncSession or a Session, it yielded str"):
        Database("session")  # type: ignore[arg-type]  # what the test is about


@ONE_DATABASE
async def test_time_stands_still_from_the_beginning_of_the_work(kit_app: KitApp) -> None:
    async with kit_app.sessions() as session:
        work = kit_app.auth.work_for(session)
        kit_app.clock.advance(seconds=5)
        async with work:
            begun = kit_app.clock.now
            kit_app.clock.advance(seconds=5)

            assert work.now == begun


# -- hooks before the commit -----------------------------------------------------------


async def test_a_hook_that_fails_takes_the_user_with_it(
    make_app: Callable[..., KitApp],
) -> None:
    async def fail(work: Work, event: UserCreated) -> None:
        raise Refusal

    kit_app = make_app(hooks=(On(UserCreated, fail),))
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/register", json=BODY)

    assert answer.json()["code"] == "refusal"
    assert await fetch(kit_app, select(IntUser.id)) == []


async def test_what_a_hook_inserts_comes_with_the_user(make_app: Callable[..., KitApp]) -> None:
    async def add_post(work: Work, event: UserCreated) -> None:
        await work.add(IntPost(author_id=event.user.id, title="hello"))

    kit_app = make_app(hooks=(On(UserCreated, add_post),))
    async with kit_app.client() as client:
        user = (await client.post("/api/auth/register", json=BODY)).json()

    assert await fetch(kit_app, select(IntPost.author_id)) == [user["id"]]
