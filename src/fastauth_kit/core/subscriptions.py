"""The short way to be told of one kind of event."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable, isclass, iscoroutinefunction, signature
from typing import Any, Literal, TypeVar, overload

from anyio.to_thread import run_sync

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.events import Event
from fastauth_kit.core.hooks import EventSink
from fastauth_kit.core.work import Work

EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True, slots=True)
class Subscription(EventSink):
    """Calls a function when one kind of event is told; made by ``on``."""

    kind: type[Event]
    handler: Callable[..., object]
    after_commit: bool

    async def receive(self, work: Work, event: Event) -> None:
        """Call the function, or have it called after the commit."""
        if not isinstance(event, self.kind):
            return
        if self.after_commit:
            work.after_commit(partial(self._call_later, event))
            return
        done = self.handler(work, event)
        if isawaitable(done):
            await done

    async def _call_later(self, event: Event) -> None:
        if iscoroutinefunction(self.handler):
            await self.handler(event)
            return
        # in a thread: a plain function may wait for a network
        done = await run_sync(self.handler, event)
        if isawaitable(done):  # a lambda around a coroutine function
            await done


@overload
def on(
    kind: type[EventT],
    handler: Callable[[Work, EventT], object],
    *,
    after_commit: Literal[False] = False,
) -> Subscription: ...


@overload
def on(
    kind: type[EventT], handler: Callable[[EventT], object], *, after_commit: Literal[True]
) -> Subscription: ...


def on(
    kind: type[Any], handler: Callable[..., object], *, after_commit: bool = False
) -> Subscription:
    """Subscribe a function to one kind of event, for ``AuthKit(hooks=(...))``.

    Before the commit it is called as ``handler(work, event)`` and shares the
    transaction: what it raises undoes everything, and it may run twice, because
    a transaction may be tried again. After the commit it is called as
    ``handler(event)``, once, in the background; what it raises is logged.

    Args:
        kind: A class of events; those that inherit from it are told, too.
        handler: A coroutine function, or a plain one. Before the commit a plain
            one must not wait for anything; after it, it runs in a thread.
        after_commit: Whether to wait until the data is safe.

    Raises:
        ConfigurationError: ``kind`` is no class of events, or the handler
            cannot be called like that.
    """
    if not (isclass(kind) and issubclass(kind, Event)):
        raise ConfigurationError("on(...) needs a class of events first, such as UserCreated")
    if not callable(handler):
        raise ConfigurationError(f"on({kind.__name__}, ...) needs a function to call")
    given = ("event",) if after_commit else ("work", "event")
    if not _takes(handler, len(given)):
        raise ConfigurationError(
            f"on({kind.__name__}, ..., after_commit={after_commit}) calls its handler as "
            f"handler({', '.join(given)}); let it take that"
        )
    return Subscription(kind, handler, after_commit)


def _takes(handler: Callable[..., object], count: int) -> bool:
    try:
        signature(handler).bind(*[None] * count)
    except (TypeError, ValueError):  # the latter of some that are written in C
        return False
    return True
