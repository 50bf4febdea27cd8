"""Worker threads for synchronous sessions, so that they never block the event loop."""

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from anyio import CancelScope, CapacityLimiter, WouldBlock
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from fastauth_kit.core.errors import DatabaseUnavailable

MOST_CHECKOUTS = 64
"""Threads that may wait for a connection of the pool at once, for each event loop."""

USUAL_PATIENCE_SECONDS = 30.0
"""The ``pool_timeout`` of SQLAlchemy, for pools that have none."""

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
    if session.in_transaction():
        return await _finish(session, step)
    limiter = _limiter(_checkouts, MOST_CHECKOUTS)
    await _enter(limiter, session)
    try:
        return await _finish(session, step)
    finally:
        limiter.release()


async def _enter(limiter: CapacityLimiter, session: Session) -> None:
    """Wait for a place, no longer than the pool lets wait for a connection.

    Raises:
        DatabaseUnavailable: It took longer.
    """
    try:
        limiter.acquire_nowait()
    except WouldBlock:
        try:
            async with asyncio.timeout(_patience_seconds(session)):
                await limiter.acquire()
        except TimeoutError:
            raise DatabaseUnavailable from None


def _patience_seconds(session: Session) -> float:
    try:
        pool = session.get_bind().engine.pool
    except UnboundExecutionError:  # each of its tables has an engine of its own
        return USUAL_PATIENCE_SECONDS
    return pool.timeout() if isinstance(pool, QueuePool) else USUAL_PATIENCE_SECONDS


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
