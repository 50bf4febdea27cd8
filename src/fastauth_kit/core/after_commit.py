"""What happens only once the data is safe: off the answer's path, bounded, drained."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from traceback import format_tb
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

logger: logging.Logger = logging.getLogger("fastauth_kit")

Action = Callable[[], Awaitable[object]]

_JOINED = "fastauth_kit.joined_actions"


@dataclass(slots=True)
class _Background:
    """What is under way in one event loop."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    limits: set[asyncio.Timeout] = field(default_factory=set[asyncio.Timeout])
    is_over: bool = False
    """Whether nothing may be under way any more."""

    def end(self) -> None:
        """Cancel what is under way."""
        self.is_over = True
        for limit in self.limits:
            if not limit.expired():  # else it is being cancelled already
                limit.reschedule(0)


class AfterCommit:
    """Runs actions in the background of the loop that committed.

    Args:
        limit: Actions waiting or running at once, for each event loop; beyond
            it whoever has committed waits for room before the answer, so that
            nothing is dropped. A commit of the caller's cannot wait.
        timeout_seconds: After this long an action is cancelled and logged.
    """

    def __init__(self, *, limit: int = 1000, timeout_seconds: float = 60.0) -> None:
        self._limit = limit
        self._timeout_seconds = timeout_seconds
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Background] = (
            WeakKeyDictionary()
        )

    def start(self, actions: Sequence[Action]) -> None:
        """Start actions; returns at once."""
        here = self._of_this_loop()
        for action in actions:
            task = asyncio.create_task(self._run(action, here))
            here.tasks.add(task)
            task.add_done_callback(here.tasks.discard)

    async def room(self) -> None:
        """Wait while too many actions are under way; after commits of the kit's only."""
        while len(running := self._of_this_loop().tasks) > self._limit:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)

    async def drain(self) -> None:
        """Wait until every action of this loop is done; for shutdown and scripts."""
        while running := self._of_this_loop().tasks:
            await asyncio.wait(running)

    def hurry(self, *, seconds: float) -> None:
        """Cancel and log, so many seconds from now, whatever is not done in this loop.

        For the moment when an app is told to end, and would wait for a minute
        for a mail server that is away. What starts later ends then, too.
        """
        asyncio.get_running_loop().call_later(seconds, self._of_this_loop().end)

    def _of_this_loop(self) -> _Background:
        return self._by_loop.setdefault(asyncio.get_running_loop(), _Background())

    async def _run(self, action: Action, here: _Background) -> None:
        limit = asyncio.timeout(0 if here.is_over else self._timeout_seconds)
        try:
            async with limit:
                here.limits.add(limit)
                await action()
        except Exception as error:  # noqa: BLE001  # whatever the caller's action raises
            log_failure("an after-commit action", error)
        finally:
            here.limits.discard(limit)


def log_failure(what: str, error: Exception) -> None:
    """Log that something in the background failed, and where, without the error's text.

    That may repeat a message, and with it the token in a link.
    """
    place = "".join(format_tb(error.__traceback__))
    logger.error("%s failed: %s\n%s", what, type(error).__name__, place)


@dataclass(frozen=True, slots=True)
class _Held:
    """Actions, and the transaction or savepoint that they wait for."""

    within: SessionTransaction | None
    worker: AfterCommit
    actions: Sequence[Action]
    loop: asyncio.AbstractEventLoop

    def start(self) -> None:
        """Start the actions, whichever thread has committed."""
        if running_loop() is not None:
            self.worker.start(self.actions)
        elif not self.loop.is_running():
            # a synchronous script, whose loops last as long as a call
            asyncio.run(self._finish())
        else:
            self.loop.call_soon_threadsafe(self.worker.start, self.actions)

    async def _finish(self) -> None:
        self.worker.start(self.actions)
        await self.worker.drain()


class JoinedActions:
    """Holds actions back until the caller's own transaction has committed.

    Actions of a savepoint that is rolled back are dropped with it. There is
    one for each session and it listens for as long as the session lives:
    SQLAlchemy forbids to remove a listener while it is being told.
    """

    def __init__(self, session: Session) -> None:
        self._held: list[_Held] = []
        event.listen(session, "after_commit", self._committed)
        event.listen(session, "after_soft_rollback", self._rolled_back)

    @classmethod
    def of(cls, session: Session) -> "JoinedActions":
        """Return the one of this session."""
        found: JoinedActions | None = session.info.get(_JOINED)
        if found is None:
            found = session.info[_JOINED] = cls(session)
        return found

    def hold(self, session: Session, worker: AfterCommit, actions: Sequence[Action]) -> None:
        """Start ``actions`` once the session's transaction has committed."""
        within = session.get_nested_transaction() or session.get_transaction()
        self._held.append(_Held(within, worker, actions, asyncio.get_running_loop()))

    def _committed(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        held, self._held = self._held, []
        for item in held:
            # those of a session that was closed instead were never told of an end
            if session.get_transaction() in _with_parents(item.within):
                item.start()

    def _rolled_back(self, session: Session, previous: SessionTransaction) -> None:
        self._held = [item for item in self._held if previous not in _with_parents(item.within)]


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of this thread, if it is in one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _with_parents(transaction: SessionTransaction | None) -> list[SessionTransaction]:
    found: list[SessionTransaction] = []
    while transaction is not None:
        found.append(transaction)
        transaction = transaction.parent
    return found
