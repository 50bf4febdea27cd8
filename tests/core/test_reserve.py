"""Rows that only one may insert, and writes that leave all as it is."""

import asyncio

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fastauth_kit.core.store import (
    change,
    find,
    reserve,
    unchanged,
    write_unless_refused,
)
from tests.core.parts import add_rows, fetch, race, retrying, working
from tests.core.test_store import LONG_AGO, MANY, ada
from tests.kit_app import IntPost, IntUser, KitApp

# -- reserve and write_unless_refused --------------------------------------------------


async def test_one_of_many_reservations_inserts(kit_app: KitApp) -> None:
    async def act(number: int, barrier: asyncio.Barrier) -> bool:
        await barrier.wait()

        async def attempt() -> bool:
            async with working(kit_app) as work:
                return await reserve(work, IntUser(id=number + 1, email="ada@example.com"))

        return await retrying(attempt)

    assert sorted(await race(MANY, act)) == [False] * (MANY - 1) + [True]


async def test_a_refused_reservation_then_sees_what_the_winner_wrote(kit_app: KitApp) -> None:
    """REPEATABLE READ would go on showing the past."""
    async with working(kit_app) as work:
        assert await find(work, IntUser, IntUser.id == 1) is None
        await add_rows(kit_app, ada())

        await reserve(work, IntUser(id=2, email="ada@example.com"))

        assert await find(work, IntUser, IntUser.id == 1) is not None


async def test_a_refused_reservation_leaves_what_was_written_before(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada())

    async with working(kit_app) as work:
        await work.add(IntPost(id=7, author_id=1, title="mine"))
        assert not await reserve(work, IntUser(id=2, email="ada@example.com"))

    assert await fetch(kit_app, select(IntPost.id)) == [7]


async def test_an_error_that_is_no_rule_of_the_table_passes(kit_app: KitApp) -> None:
    def step(session: Session) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with working(kit_app) as work:
            await write_unless_refused(work, IntUser, step)


async def test_a_write_that_no_rule_refuses_is_done(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada())

    def step(session: Session) -> None:
        session.execute(update(IntUser).values(name="Ada"))

    async with working(kit_app) as work:
        assert await write_unless_refused(work, IntUser, step)

    assert await fetch(kit_app, select(IntUser.name)) == ["Ada"]


# -- unchanged -------------------------------------------------------------------------


async def test_unchanged_moves_no_column(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada(updated_at=LONG_AGO, name="Ada"))

    async with working(kit_app) as work:
        await change(work, unchanged(IntUser))

    columns = select(IntUser.updated_at)
    assert await fetch(kit_app, columns) == [LONG_AGO]


async def test_a_plain_update_does_move_the_column(kit_app: KitApp) -> None:
    """What ``unchanged`` avoids, so that its test can fail."""
    await add_rows(kit_app, ada(updated_at=LONG_AGO))

    async with working(kit_app) as work:
        await change(work, update(IntUser).values(name="Ada"))

    assert await fetch(kit_app, select(IntUser.updated_at)) != [LONG_AGO]
