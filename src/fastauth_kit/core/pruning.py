"""Deletion of rows that nobody needs any more, one bounded batch at a time.

A table is walked in the order of its key, a UUIDv7 in a column ``id``. No other
index says which rows may go: it would have to be kept up by every request, to
save a job of the night some reading.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.store import change
from fastauth_kit.core.work import Work

BATCH = 1000
"""Rows looked at in one transaction."""

PAUSE = timedelta(milliseconds=20)
"""Rest after each batch: without it the job keeps a core of the database busy."""

Window = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class PrunedBatch:
    """What one batch did, and where the next one begins.

    Args:
        resume_after: For the next batch; ``None`` at the end of the table.
    """

    deleted: int
    resume_after: UUID | None


Pruning = Coroutine[Any, Any, PrunedBatch]


class OneBatch(Protocol):
    """Deletes one batch in the transaction of its work."""

    def __call__(self, work: Work, *, after: UUID | None = None) -> Pruning: ...


Runner = Callable[[Callable[[Work], Coroutine[Any, Any, PrunedBatch]]], Awaitable[PrunedBatch]]


async def prune_all(
    auth: AuthKit[Any],
    make_session: Callable[[], AsyncSession | Session],
    next_batch: OneBatch,
    *,
    pause: timedelta,
) -> int:
    """Run batch after batch, each in a transaction of its own; return how many rows went."""
    run = partial(auth.run, make_session)
    return sum([deleted async for deleted in walk(run, next_batch, pause=pause)])


async def walk(run: Runner, next_batch: OneBatch, *, pause: timedelta) -> AsyncIterator[int]:
    """Run batch after batch to the end of the table; yield how many rows each deleted.

    Args:
        run: Runs an operation in a transaction of its own.
        pause: Rest between two batches.
    """
    pruned = await run(next_batch)
    yield pruned.deleted
    while pruned.resume_after is not None:
        await asyncio.sleep(pause.total_seconds())
        pruned = await run(partial(next_batch, after=pruned.resume_after))
        yield pruned.deleted


async def walk_while_any(
    run: Callable[[Callable[[Work], Awaitable[int]]], Awaitable[int]],
    some: Callable[[Work], Awaitable[int]],
    *,
    pause: timedelta,
) -> AsyncIterator[int]:
    """Do so with what finds its rows by an index: until a batch finds none."""
    while deleted := await run(some):
        yield deleted
        await asyncio.sleep(pause.total_seconds())


async def prune_rows(
    work: Work,
    model: Any,
    over: ColumnElement[bool],
    *,
    within: Window = (),
    after: UUID | None,
    batch: int,
) -> PrunedBatch:
    """Delete what is over among the ``batch`` rows that come after a key.

    Args:
        over: Which rows may go.
        within: The part of the table that is walked; all of it unless given.
    """
    last = await _last_of(work, model, [*within, *_between(model, after, None)], batch)
    window = [*within, *_between(model, after, last)]
    if work.dialect == "sqlite":  # which has one writer at a time, and no row locks
        deleted = await change(work, delete(model).where(*window, over))
    elif work.dialect == "postgresql":
        deleted = await _delete_at_once(work, model, window, over, batch)
    else:
        deleted = await _delete_by_key(work, model, window, over, batch)
    return PrunedBatch(deleted, last)


async def _last_of(work: Work, model: Any, window: Window, batch: int) -> UUID | None:
    """Return the last key of a batch, or ``None`` if the walk ends in it."""
    statement = select(model.id).where(*window).order_by(model.id)
    last: UUID | None = await work.scalar(statement.offset(batch - 1).limit(1))
    return last


def _between(model: Any, after: UUID | None, last: UUID | None) -> Window:
    from_here = [model.id > after] if after is not None else []
    return [*from_here, model.id <= last] if last is not None else from_here


async def _delete_at_once(
    work: Work, model: Any, window: Window, over: ColumnElement[bool], batch: int
) -> int:
    """Delete what is over, except rows that somebody holds: the next run finds them.

    PostgreSQL looks at a row once more when it locks it. In a subquery instead
    of a CTE it may run the search again for every row of the window.
    """
    found = select(model.id).where(*window, over).limit(batch).with_for_update(skip_locked=True)
    keys = select(found.cte("found").c.id)
    return await change(work, delete(model).where(model.id.in_(keys)))


async def _delete_by_key(
    work: Work, model: Any, window: Window, over: ColumnElement[bool], batch: int
) -> int:
    """Do so on MariaDB, where a locking scan locks every row that it passes, and the gaps.

    So the keys are read first. Each statement asks again whether the row may
    go: somebody may have changed it since.
    """
    keys = await work.scalars(select(model.id).where(*window, over).limit(batch))
    if keys:
        still_over = select(model.id).where(model.id.in_(keys), over)
        keys = await work.lock(still_over.with_for_update(skip_locked=True))
    return await change(work, delete(model).where(model.id.in_(keys), over)) if keys else 0
