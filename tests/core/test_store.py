"""The atomic primitives, with real connections in parallel on each database."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from fastauth_kit import Work
from fastauth_kit.core.database import is_retryable
from fastauth_kit.core.store import (
    change,
    find,
    hold,
    hold_set,
)
from tests.core.parts import add_rows, fetch, race, retrying, working
from tests.kit_app import IntUser, KitApp

LONG_AGO = datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

MANY = 8

IMPATIENT: dict[str, Any] = {
    "sqlite": "PRAGMA busy_timeout = 20",
    "postgresql": "SET LOCAL lock_timeout = '50ms'",
    "mysql": "SET innodb_lock_wait_timeout = 0",
}


def ada(**columns: Any) -> IntUser:
    return IntUser(**{"id": 1, "email": "ada@example.com", **columns})


async def be_impatient(work: Work) -> None:
    """Make this connection refuse to wait for a lock, until it is closed."""
    await work.read(lambda session: session.execute(text(IMPATIENT[work.dialect])))


async def patience_again(work: Work) -> None:
    """The connection goes back to a pool: leave it as it was."""
    back = {"sqlite": "PRAGMA busy_timeout = 5000", "mysql": "SET innodb_lock_wait_timeout = 50"}
    if statement := back.get(work.dialect):
        await work.read(lambda session: session.execute(text(statement)))


async def refuses_to_wait(kit_app: KitApp, statement: Any) -> bool:
    """Whether a statement of another connection meets a lock."""
    async with kit_app.sessions() as session:
        work = kit_app.auth.work_for(session)
        await be_impatient(work)
        try:
            await change(work, statement)
        except DBAPIError as error:
            return is_retryable(error)
        finally:
            await session.rollback()
            await patience_again(work)
            await session.rollback()
        return False


# -- change ----------------------------------------------------------------------------


async def test_one_of_many_conditional_updates_wins(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada())

    async def act(number: int, barrier: asyncio.Barrier) -> int:
        await barrier.wait()

        async def attempt() -> int:
            async with working(kit_app) as work:
                return await change(
                    work,
                    update(IntUser)
                    .where(IntUser.id == 1, IntUser.name.is_(None))
                    .values(name=f"winner {number}"),
                )

        return await retrying(attempt)

    assert sorted(await race(MANY, act)) == [0] * (MANY - 1) + [1]


async def test_one_of_many_conditional_deletes_wins(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada())

    async def act(_: int, barrier: asyncio.Barrier) -> int:
        await barrier.wait()

        async def attempt() -> int:
            async with working(kit_app) as work:
                return await change(work, delete(IntUser).where(IntUser.id == 1))

        return await retrying(attempt)

    assert sum(await race(MANY, act)) == 1


async def test_an_update_counts_the_rows_it_met_though_none_moved(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada(name="Ada"))

    async with working(kit_app) as work:
        met = await change(work, update(IntUser).values(name="Ada", updated_at=IntUser.updated_at))

    assert met == 1


# -- find ------------------------------------------------------------------------------


async def test_what_is_found_stays_free_for_others(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada())

    async with working(kit_app) as work:
        await find(work, IntUser, IntUser.id == 1)

        assert not await refuses_to_wait(kit_app, update(IntUser).values(name="other"))


async def test_find_returns_the_row_that_meets_the_conditions(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada(), IntUser(id=2, email="bob@example.com"))

    async with working(kit_app) as work:
        found = await find(work, IntUser, IntUser.email == "bob@example.com")
        assert found is not None

        assert found.id == 2


async def test_find_returns_nothing_where_no_row_meets_the_conditions(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada())

    async with working(kit_app) as work:
        assert await find(work, IntUser, IntUser.id == 2) is None


# -- hold ------------------------------------------------------------------------------


async def test_who_holds_a_row_after_others_sees_what_they_wrote(kit_app: KitApp) -> None:
    """Each has seen the old state before: a snapshot must not come back."""
    await add_rows(kit_app, ada(name="0"))

    async def act(_: int, barrier: asyncio.Barrier) -> None:
        met: list[int] = []

        async def count() -> None:
            async with working(kit_app) as work:
                seen = await find(work, IntUser, IntUser.id == 1)
                if not met:
                    met.append(await barrier.wait())
                held = await hold(work, IntUser, IntUser.id == 1)
                assert held is seen is not None  # the same object, with its present state
                held.name = str(int(held.name or "") + 1)

        # a strict database has it run again instead
        await retrying(count)

    await race(MANY, act)

    assert await fetch(kit_app, select(IntUser.name)) == [str(MANY)]


async def test_a_held_row_makes_a_writer_wait(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada())

    async with working(kit_app) as work:
        await hold(work, IntUser, IntUser.id == 1)

        assert await refuses_to_wait(kit_app, update(IntUser).values(name="other"))


async def test_a_row_held_shared_makes_a_writer_wait(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada())

    async with working(kit_app) as work:
        await hold(work, IntUser, IntUser.id == 1, shared=True)

        assert await refuses_to_wait(kit_app, update(IntUser).values(name="other"))


@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
async def test_many_share_a_row_that_is_held_shared(kit_app: KitApp) -> None:
    """SQLite has one writer at a time, so there nobody can."""
    await add_rows(kit_app, ada())

    async def act(_: int, barrier: asyncio.Barrier) -> IntUser | None:
        async with working(kit_app) as work:
            held = await hold(work, IntUser, IntUser.id == 1, shared=True)
            await barrier.wait()  # nobody passes before everybody holds it
            return held

    assert None not in await race(4, act)


async def test_a_row_that_no_longer_meets_the_conditions_is_not_held(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada(is_active=False))

    async with working(kit_app) as work:
        assert await hold(work, IntUser, IntUser.id == 1, IntUser.is_active.is_(True)) is None


async def test_holding_a_row_leaves_its_time_of_change(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada(updated_at=LONG_AGO))

    async with working(kit_app) as work:
        await hold(work, IntUser, IntUser.id == 1)

    assert await fetch(kit_app, select(IntUser.updated_at)) == [LONG_AGO]


# -- hold_set --------------------------------------------------------------------------


@pytest.mark.parametrize("round_", range(5))
async def test_two_who_remove_each_other_leave_one(kit_app: KitApp, round_: int) -> None:
    people = [ada(is_superuser=True), IntUser(id=2, email="bob@example.com", is_superuser=True)]
    await add_rows(kit_app, *people)

    async def act(number: int, barrier: asyncio.Barrier) -> None:
        mine = number + 1
        other = 2 - number
        await barrier.wait()

        async def attempt() -> None:
            async with working(kit_app) as work:
                # conditions that make a database visit the rows in opposite order
                order = IntUser.id.in_([other, mine])
                keys = await hold_set(work, IntUser, IntUser.is_superuser.is_(True), order)
                if set(keys) - {mine}:
                    leave = update(IntUser).where(IntUser.id == mine).values(is_superuser=False)
                    await change(work, leave)

        await retrying(attempt)

    await race(2, act)

    assert len(await fetch(kit_app, select(IntUser.id).where(IntUser.is_superuser))) == 1


async def test_every_row_of_a_held_set_makes_a_writer_wait(kit_app: KitApp) -> None:
    await add_rows(kit_app, ada(), IntUser(id=2, email="bob@example.com"))

    async with working(kit_app) as work:
        await hold_set(work, IntUser, IntUser.is_active.is_(True))

        second = update(IntUser).where(IntUser.id == 2).values(name="other")
        assert await refuses_to_wait(kit_app, second)


async def test_a_held_set_comes_in_key_order(kit_app: KitApp) -> None:
    numbers = (3, 1, 2)
    await add_rows(kit_app, *(IntUser(id=n, email=f"{9 - n}@example.com") for n in numbers))

    async with working(kit_app) as work:
        keys = await hold_set(work, IntUser, IntUser.is_active.is_(True))

    assert list(keys) == [1, 2, 3]
