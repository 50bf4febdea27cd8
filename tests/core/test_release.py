"""A connection given back before something slow, if nothing would be lost."""

from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from fastauth_kit import Work
from fastauth_kit.core.database import opened
from tests.core.parts import add_rows, checked_out, fetch, working
from tests.kit_app import IntUser, KitApp

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

ADA = insert(IntUser).values(id=1, email="ada@example.com")


# -- release and restart ---------------------------------------------------------------


async def test_release_gives_the_connection_back_after_reading(kit_app: KitApp) -> None:
    async with working(kit_app) as work:
        await work.scalar(select(IntUser))
        assert checked_out(kit_app) == 1

        await work.release()

        assert checked_out(kit_app) == 0


@pytest.mark.parametrize("flush", [True, False], ids=["flushed", "pending"])
async def test_release_keeps_the_rows_that_a_caller_added(kit_app: KitApp, flush: bool) -> None:
    async with kit_app.sessions() as session:
        session.add(IntUser(id=1, email="ada@example.com"))
        if flush:
            await session.flush()
        async with kit_app.auth.work_for(session) as work:
            await work.release()

    assert await fetch(kit_app, select(IntUser.id)) == [1]


async def test_release_keeps_the_rows_that_a_caller_added_since(kit_app: KitApp) -> None:
    async with kit_app.sessions() as session:
        work = kit_app.auth.work_for(session)
        session.add(IntUser(id=1, email="ada@example.com"))
        async with work:
            await work.release()

    assert await fetch(kit_app, select(IntUser.id)) == [1]


async def keep_by_execute(work: Work) -> None:
    await work.execute(ADA)


async def keep_by_text(work: Work) -> None:
    await work.execute(text("update int_users set name = name"))
    await keep_by_execute(work)


async def keep_by_add(work: Work) -> None:
    await work.add(IntUser(id=1, email="ada@example.com"))


async def keep_by_flush(work: Work) -> None:
    await work.read(lambda session: session.add(IntUser(id=1, email="ada@example.com")))
    await work.flush()


@ONE_DATABASE
@pytest.mark.parametrize("write", [keep_by_execute, keep_by_text, keep_by_add, keep_by_flush])
async def test_release_keeps_what_the_work_wrote(kit_app: KitApp, write: Any) -> None:
    async with working(kit_app) as work:
        await write(work)
        await work.release()

    assert await fetch(kit_app, select(IntUser.id)) == [1]


async def test_release_keeps_a_transaction_of_the_callers(kit_app: KitApp) -> None:
    async with opened(kit_app.make_session()) as database:
        await database.run(Session.begin)
        async with Work(kit_app.auth, database) as work:
            await work.scalar(select(IntUser))
            await work.release()

            assert checked_out(kit_app) == 1


async def test_deleting_a_row_keeps_the_connection(kit_app: KitApp) -> None:
    await add_rows(kit_app, IntUser(id=1, email="ada@example.com"))

    async with working(kit_app) as work:
        await work.delete(await work.scalar(select(IntUser)))
        await work.release()

    assert await fetch(kit_app, select(IntUser.id)) == []


async def test_who_restarts_sees_what_others_have_committed(kit_app: KitApp) -> None:
    """Where a transaction reads a snapshot, it would go on reading it."""
    async with working(kit_app) as work:
        assert await work.scalars(select(IntUser.id)) == []
        await add_rows(kit_app, IntUser(id=1, email="ada@example.com"))

        await work.restart()

        assert await work.scalars(select(IntUser.id)) == [1]


async def test_restarting_drops_what_was_written(kit_app: KitApp) -> None:
    async with working(kit_app) as work:
        await work.execute(ADA)
        await work.restart()

        assert work.is_clean

    assert await fetch(kit_app, select(IntUser.id)) == []


async def test_restarting_keeps_the_rows_that_a_caller_added(kit_app: KitApp) -> None:
    async with kit_app.sessions() as session:
        session.add(IntUser(id=1, email="ada@example.com"))
        await session.flush()
        async with kit_app.auth.work_for(session) as work:
            await work.restart()

    assert await fetch(kit_app, select(IntUser.id)) == [1]
