"""Operations for code that cannot await: ``def`` routes and synchronous scripts."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from anyio import CancelScope, from_thread

from fastauth_kit.core.after_commit import AfterCommit, running_loop
from fastauth_kit.core.errors import ConfigurationError

ResultT = TypeVar("ResultT")


class Waiter:
    """Runs coroutines for this thread, which waits for them.

    In a ``def`` route they run on the app's event loop, as every other request
    does. A script has none: each call gets a loop of its own, and what runs
    after the commit is waited for, because nobody else would.

    Raises:
        ConfigurationError: This thread can await, and would block its loop.
    """

    def __init__(self) -> None:
        if running_loop() is not None:
            raise ConfigurationError(
                "this thread has an event loop, which waiting would block: "
                "use 'async with auth.work_for(session)' or 'await auth.run(...)'"
            )
        self.is_alone: bool = not _serves_an_app()

    def wait(self, operation: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Return what the coroutine returns."""
        if self.is_alone:
            return asyncio.run(operation)
        return from_thread.run(_awaited, operation)

    def finish(self, operation: Coroutine[Any, Any, ResultT], after: AfterCommit) -> ResultT:
        """Do the same with a coroutine that commits."""
        return self.wait(_drained(operation, after) if self.is_alone else operation)


def _serves_an_app() -> bool:
    """Whether an event loop waits for this thread, as one does for a ``def`` route."""
    try:
        from_thread.run_sync(running_loop)
    except RuntimeError:
        return False
    return True


async def _awaited(operation: Coroutine[Any, Any, ResultT]) -> ResultT:
    # the thread waits to the end anyway; anyio lets what it begins in a scope that
    # was cancelled spin at its first checkpoint for ever
    call = asyncio.ensure_future(operation)
    with CancelScope(shield=True):
        await asyncio.wait([call])
    return call.result()


async def _drained(operation: Coroutine[Any, Any, ResultT], after: AfterCommit) -> ResultT:
    try:
        return await operation
    finally:
        await after.drain()
