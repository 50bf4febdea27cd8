"""What happens only once the data is safe: off the answer's path, bounded, drained."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

logger = logging.getLogger("fastauth_kit")

Action = Callable[[], Awaitable[object]]


class AfterCommit:
    """Runs actions in the background of the loop that committed.

    Args:
        limit: Actions waiting or running at once, for each event loop; beyond
            it the answer waits for room, so that nothing is dropped.
        timeout_seconds: After this long an action is cancelled and logged.
    """

    def __init__(self, *, limit: int = 1000, timeout_seconds: float = 60.0) -> None:
        self._limit = limit
        self._timeout_seconds = timeout_seconds
        self._running: WeakKeyDictionary[asyncio.AbstractEventLoop, set[asyncio.Task[None]]] = (
            WeakKeyDictionary()
        )

    def start(self, actions: Sequence[Action]) -> None:
        """Start actions; returns at once."""
        running = self._of_this_loop()
        for action in actions:
            task = asyncio.create_task(self._run(action))
            running.add(task)
            task.add_done_callback(running.discard)

    async def room(self) -> None:
        """Wait while too many actions are under way."""
        while len(running := self._of_this_loop()) >= self._limit:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)

    async def drain(self) -> None:
        """Wait until every action of this loop is done; for shutdown and scripts."""
        while running := self._of_this_loop():
            await asyncio.wait(running)

    def _of_this_loop(self) -> set[asyncio.Task[None]]:
        return self._running.setdefault(asyncio.get_running_loop(), set())

    async def _run(self, action: Action) -> None:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await action()
        except Exception:
            logger.exception("an after-commit action failed")


class JoinedActions:
    """Holds actions back until the caller's own transaction has committed.

    Actions of a savepoint that is rolled back are dropped with it.
    """

    def __init__(self, session: Session, worker: AfterCommit, actions: Sequence[Action]) -> None:
        self._session = session
        self._worker = worker
        self._actions = actions
        self._within = session.get_nested_transaction() or session.get_transaction()
        event.listen(session, "after_commit", self._committed)
        event.listen(session, "after_soft_rollback", self._rolled_back)

    def _committed(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        self._forget()
        self._worker.start(self._actions)

    def _rolled_back(self, session: Session, previous: SessionTransaction) -> None:
        if previous in _with_parents(self._within):
            self._forget()

    def _forget(self) -> None:
        event.remove(self._session, "after_commit", self._committed)
        event.remove(self._session, "after_soft_rollback", self._rolled_back)


def _with_parents(transaction: SessionTransaction | None) -> list[SessionTransaction]:
    found: list[SessionTransaction] = []
    while transaction is not None:
        found.append(transaction)
        transaction = transaction.parent
    return found
