"""Worker threads for synchronous sessions, so that they never block the event loop."""

import asyncio
import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import TypeVar

from anyio import CancelScope, CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from sqlalchemy.orm import Session

MOST_CHECKOUTS = 64
"""Threads that may wait for a connection of the pool at once, for each event loop."""

ResultT = TypeVar("ResultT")

_checkouts = RunVar[CapacityLimiter]("fastauth_kit.checkouts")
_unlimited = RunVar[CapacityLimiter]("fastauth_kit.unlimited")


async def run_in_thread(session: Session, step: Callable[[Session], ResultT]) -> ResultT:
    """Run one step of a synchronous session in a worker thread.

    Who still needs a connection waits for a place; who has one never waits,
    for it may be what the others wait for: there are as many of those as the
    pool has connections. (On one common limit a commit queues behind checkouts
    that wait for this very commit.)
    """
    async with _place_for(session):
        return await _finish(session, step)


def _place_for(session: Session) -> AbstractAsyncContextManager[object]:
    if session.in_transaction():
        return nullcontext()
    return _limiter(_checkouts, MOST_CHECKOUTS)


def _limiter(found: RunVar[CapacityLimiter], most: float) -> CapacityLimiter:
    limiter = found.get(None)
    if limiter is None:
        limiter = CapacityLimiter(most)
        found.set(limiter)
    return limiter


async def _finish(session: Session, step: Callable[[Session], ResultT]) -> ResultT:
    limiter = _limiter(_unlimited, math.inf)
    call = asyncio.ensure_future(run_sync(step, session, limiter=limiter))
    with CancelScope(shield=True):
        await _end_of(call)
    return call.result()


async def _end_of(call: "asyncio.Future[ResultT]") -> None:
    """Wait for the thread, even if cancelled: nobody may use the session before."""
    try:
        await asyncio.wait([call])
    except asyncio.CancelledError:
        while not call.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([call])
        call.exception()  # asked for, so that asyncio does not complain about it
        raise
