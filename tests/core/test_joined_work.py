"""Work within a transaction that the caller opened: they commit, nobody else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from fastauth_kit import Accounts, AuthError, Work
from fastauth_kit.core.errors import Busy
from fastauth_kit.core.store import reserve
from fastauth_kit.features.accounts import EmailTaken
from tests.core.parts import add_rows, fetch, turns
from tests.kit_app import PASSWORD, IntPost, IntUser, KitApp

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
ADA = insert(IntUser).values(id=1, email="ada@example.com")


class Refusal(AuthError):
    code = "refusal"


class Rollback(Exception):
    """The caller changes their mind."""


def noting(names: list[str], name: str) -> Callable[[], Awaitable[None]]:
    async def action() -> None:
        names.append(name)

    return action


@asynccontextmanager
async def joined(kit_app: KitApp) -> AsyncIterator[Work]:
    """Work within a transaction, which is committed right after it."""
    async with (
        kit_app.sessions() as session,
        session.begin(),
        kit_app.auth.work_for(session) as work,
    ):
        yield work


async def join(kit_app: KitApp, session: AsyncSession, ran: list[str], name: str) -> None:
    """Do some work whose action notes its name."""
    async with kit_app.auth.work_for(session) as work:
        work.after_commit(noting(ran, name))


# -- the data --------------------------------------------------------------------------


async def test_nothing_is_committed_before_the_caller_does(kit_app: KitApp) -> None:
    async with kit_app.sessions() as session:
        transaction = await session.begin()
        async with kit_app.auth.work_for(session) as work:
            await work.execute(ADA)

        assert await fetch(kit_app, select(IntUser.id)) == []
        await transaction.rollback()


async def test_the_callers_commit_makes_it_real(kit_app: KitApp) -> None:
    async with joined(kit_app) as work:
        await work.execute(ADA)

    assert await fetch(kit_app, select(IntUser.id)) == [1]


async def test_the_callers_rollback_drops_it(kit_app: KitApp) -> None:
    async def attempt() -> None:
        async with kit_app.sessions() as session, session.begin():
            async with kit_app.auth.work_for(session) as work:
                await kit_app.auth.feature(Accounts).create(
                    work, email="ada@example.com", password=PASSWORD
                )
            raise Rollback

    with pytest.raises(Rollback):
        await attempt()

    assert await fetch(kit_app, select(IntUser.id)) == []


async def test_a_first_reservation_is_dropped_by_the_callers_rollback(kit_app: KitApp) -> None:
    """On SQLite a savepoint may be the whole transaction, and its release a commit."""

    async def attempt() -> None:
        async with kit_app.sessions() as session, session.begin():
            async with kit_app.auth.work_for(session) as work:
                assert await reserve(work, IntUser(id=1, email="ada@example.com"))
            raise Rollback

    with pytest.raises(Rollback):
        await attempt()

    assert await fetch(kit_app, select(IntUser.id)) == []


async def test_a_refused_reservation_leaves_the_callers_rows(kit_app: KitApp) -> None:
    await add_rows(kit_app, IntUser(id=1, email="ada@example.com"))

    async with kit_app.sessions() as session, session.begin():
        session.add(IntPost(id=7, author_id=1, title="mine"))
        await session.flush()
        async with kit_app.auth.work_for(session) as work:
            assert not await reserve(work, IntUser(id=2, email="ada@example.com"))

    assert await fetch(kit_app, select(IntPost.id)) == [7]


async def test_a_caller_who_catches_a_refusal_keeps_their_rows(kit_app: KitApp) -> None:
    await add_rows(kit_app, IntUser(id=1, email="ada@example.com"))
    accounts = kit_app.auth.feature(Accounts)

    async with kit_app.sessions() as session, session.begin():
        session.add(IntPost(id=7, author_id=1, title="mine"))
        with pytest.raises(EmailTaken):
            async with kit_app.auth.work_for(session) as work:
                await accounts.create(work, email="Ada@example.com", password=PASSWORD)

    assert await fetch(kit_app, select(IntPost.id)) == [7]


async def test_what_a_refused_attempt_records_is_committed_by_the_caller(
    kit_app: KitApp,
) -> None:
    async with kit_app.sessions() as session, session.begin():

        async def attempt() -> None:
            async with kit_app.auth.work_for(session) as work:
                work.record(lambda work: work.execute(ADA))
                raise Refusal

        with pytest.raises(Refusal):
            await attempt()

    assert await fetch(kit_app, select(IntUser.id)) == [1]


@ONE_DATABASE
async def test_a_transient_failure_records_nothing(kit_app: KitApp) -> None:
    async with kit_app.sessions() as session, session.begin():

        async def attempt() -> None:
            async with kit_app.auth.work_for(session) as work:
                work.record(lambda work: work.execute(ADA))
                raise Busy

        with pytest.raises(Busy):
            await attempt()

    assert await fetch(kit_app, select(IntUser.id)) == []


async def test_restarting_is_not_for_who_joined(kit_app: KitApp) -> None:
    async with joined(kit_app) as work:
        await work.execute(ADA)
        await work.restart()

    assert await fetch(kit_app, select(IntUser.id)) == [1]


async def test_changes_of_objects_are_written_at_the_end_of_the_work(kit_app: KitApp) -> None:
    """So that the caller's next statement meets them, and an error comes at its cause."""
    await add_rows(kit_app, IntUser(id=1, email="ada@example.com"))

    async with kit_app.sessions(autoflush=False) as session, session.begin():
        async with kit_app.auth.work_for(session) as work:
            (await work.scalar(select(IntUser))).name = "Ada"

        assert await session.scalar(select(IntUser.name)) == "Ada"


# -- the actions -----------------------------------------------------------------------


async def test_actions_run_once_after_the_callers_commit(kit_app: KitApp) -> None:
    ran: list[str] = []

    async with kit_app.sessions() as session:
        async with session.begin():
            await join(kit_app, session, ran, "first")
            await turns()
            assert ran == []
        async with session.begin():
            await session.execute(ADA)
    await kit_app.auth.after_commit.drain()

    assert ran == ["first"]


@ONE_DATABASE
async def test_actions_are_dropped_by_the_callers_rollback(kit_app: KitApp) -> None:
    ran: list[str] = []

    async with kit_app.sessions() as session:
        transaction = await session.begin()
        await join(kit_app, session, ran, "dropped")
        await transaction.rollback()
        async with session.begin():
            await session.execute(ADA)
    await kit_app.auth.after_commit.drain()

    assert ran == []


@ONE_DATABASE
async def test_actions_are_dropped_where_the_caller_closes_the_session(kit_app: KitApp) -> None:
    ran: list[str] = []

    async with kit_app.sessions() as session:
        await session.begin()
        await join(kit_app, session, ran, "dropped")
        await session.close()
        async with session.begin():
            await session.execute(ADA)
    await kit_app.auth.after_commit.drain()

    assert ran == []


async def test_a_savepoint_rolled_back_drops_its_own_actions_alone(kit_app: KitApp) -> None:
    ran: list[str] = []

    async with kit_app.sessions() as session, session.begin():
        await session.execute(ADA)
        await join(kit_app, session, ran, "outside")
        savepoint = await session.begin_nested()
        await join(kit_app, session, ran, "inside")
        await savepoint.rollback()
    await kit_app.auth.after_commit.drain()

    assert ran == ["outside"]


async def test_a_savepoint_released_starts_nothing_before_the_commit(kit_app: KitApp) -> None:
    ran: list[str] = []

    async with kit_app.sessions() as session, session.begin():
        await session.execute(ADA)
        async with session.begin_nested():
            await join(kit_app, session, ran, "inside")
        await turns()

        assert ran == []


async def test_a_savepoint_released_has_its_actions_run_after_the_commit(
    kit_app: KitApp,
) -> None:
    ran: list[str] = []

    async with kit_app.sessions() as session, session.begin():
        await session.execute(ADA)
        async with session.begin_nested():
            await join(kit_app, session, ran, "inside")
    await kit_app.auth.after_commit.drain()

    assert ran == ["inside"]


@ONE_DATABASE
async def test_a_savepoint_released_loses_its_actions_with_the_transaction(
    kit_app: KitApp,
) -> None:
    ran: list[str] = []

    async with kit_app.sessions() as session:
        transaction = await session.begin()
        await session.execute(ADA)
        async with session.begin_nested():
            await join(kit_app, session, ran, "inside")
        await transaction.rollback()
        async with session.begin():
            await session.execute(ADA)
    await kit_app.auth.after_commit.drain()

    assert ran == []


@ONE_DATABASE
async def test_a_failure_that_is_no_refusal_starts_nothing(kit_app: KitApp) -> None:
    ran: list[str] = []

    async def fail(work: Work) -> None:
        work.after_commit(noting(ran, "dropped"))
        raise ZeroDivisionError

    async with kit_app.sessions() as session, session.begin():
        with pytest.raises(ZeroDivisionError):
            async with kit_app.auth.work_for(session) as work:
                await fail(work)
    await kit_app.auth.after_commit.drain()

    assert ran == []
