"""Requests with synchronous sessions that are cancelled: nothing hangs, nothing is lost."""

import asyncio
import threading
from collections.abc import Callable
from typing import Annotated, Any

import anyio
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from fastauth_kit import Accounts, AuthKit
from tests.core.parts import fetch, turns
from tests.core.test_joined_work import noting
from tests.kit_app import IntUser, KitApp

SYNC = pytest.mark.parametrize("session_style", ["sync"], indirect=True)
ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
PATIENCE_SECONDS = 10


@SYNC
@ONE_DATABASE
async def test_a_def_route_that_is_cancelled_before_its_operation_ends(
    make_app: Callable[..., KitApp],
) -> None:
    """As by a middleware with a time limit, whose group of tasks is cancelled."""
    begun, may_go_on = threading.Event(), threading.Event()

    def add_route(app: FastAPI, auth: AuthKit[Any]) -> None:
        @app.post("/friends")
        def invite(session: Annotated[Session, Depends(auth.get_session)]) -> None:
            begun.set()
            assert may_go_on.wait(PATIENCE_SECONDS)
            with auth.work_for(session) as work:
                create = auth.feature(Accounts).create
                work.wait(create(work, email="bob@example.com", password=None))

    kit_app = make_app(configure=add_route)
    before, scope = asyncio.all_tasks(), anyio.CancelScope()

    async def ask() -> None:
        with scope:
            async with kit_app.client() as client:
                await client.post("/friends")

    asking = asyncio.create_task(ask())
    await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
    scope.cancel()
    await turns()
    may_go_on.set()
    ended, _ = await asyncio.wait([asking], timeout=PATIENCE_SECONDS)
    for task in asyncio.all_tasks() - before:
        task.cancel()  # or the thread of a failure would never end

    assert ended
    assert kit_app.app_engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@SYNC
@ONE_DATABASE
async def test_who_is_cancelled_while_committing_leaves_no_action_undone(kit_app: KitApp) -> None:
    begun, may_end = threading.Event(), threading.Event()
    done: list[str] = []

    def hold_up(_: Session) -> None:
        begun.set()
        assert may_end.wait(PATIENCE_SECONDS)

    async def add() -> None:
        session: Any = kit_app.make_session()
        event.listen(session, "after_commit", hold_up)
        async with kit_app.auth.work_for(session) as work:
            create = kit_app.auth.feature(Accounts).create
            await create(work, email="bob@example.com", password=None)
            work.after_commit(noting(done, "bob"))

    task = asyncio.create_task(add())
    await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
    task.cancel()
    await turns()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await kit_app.auth.after_commit.drain()

    assert await fetch(kit_app, select(IntUser.email)) == ["bob@example.com"]
    assert done == ["bob"]
