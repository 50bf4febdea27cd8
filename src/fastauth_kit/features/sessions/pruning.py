"""Deletion of sessions that are long over, one bounded batch at a time.

The table is walked in the order of its key. No other index says which rows are
over: one on ``idle_expires_at`` or ``revoked_at`` would have to be kept up by
every refresh or logout, to save a job of the night some reading.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.store import change
from fastauth_kit.core.work import Work
from fastauth_kit.features.sessions.feature import Sessions
from fastauth_kit.features.sessions.models import SessionMixin

RETENTION = timedelta(days=30)
"""How long sessions that are over are kept: whoever looks into a theft that was
noticed late finds when, from where, and why they ended. Nothing else needs them."""

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


async def prune_sessions(
    auth: AuthKit[Any],
    make_session: Callable[[], AsyncSession | Session],
    *,
    over_for: timedelta = RETENTION,
    batch: int = BATCH,
    pause: timedelta = PAUSE,
) -> int:
    """Delete every session that has been over for a while; return how many.

    For cron and scripts, beside the running app. Each batch is a transaction
    of its own: what was deleted stays deleted if a later one fails. Two of
    these at a time do no harm.

    Args:
        make_session: Such as the caller's ``async_sessionmaker``.
        over_for: Sessions that ended more recently are kept.
        batch: Rows looked at in one transaction.
        pause: Rest after each batch, which leaves the database to others; 0 for none.

    Raises:
        DatabaseUnavailable: The database is away, or kept refusing.
        ValueError: A negative time, or an empty batch.
    """
    next_batch = partial(prune_batch, over_for=over_for, batch=batch)
    pruned = await auth.run(make_session, next_batch)
    deleted = pruned.deleted
    while pruned.resume_after is not None:
        await asyncio.sleep(pause.total_seconds())
        pruned = await auth.run(make_session, partial(next_batch, after=pruned.resume_after))
        deleted += pruned.deleted
    return deleted


async def prune_batch(
    work: Work, *, over_for: timedelta = RETENTION, batch: int = BATCH, after: UUID | None = None
) -> PrunedBatch:
    """Delete what is over among the ``batch`` sessions that come after a key.

    Args:
        after: ``resume_after`` of the batch before; ``None`` for the first one.

    Raises:
        ValueError: A negative time, or an empty batch.
    """
    if over_for < timedelta(0) or batch < 1:
        raise ValueError("over_for must not be negative, and batch must be at least 1")
    model = work.auth.feature(Sessions).model
    over = over_since(model, work.now - over_for)
    last = await _last_of(work, model, after, batch)
    window = _between(model, after, last)
    if work.dialect == "sqlite":  # which has one writer at a time, and no row locks
        deleted = await change(work, delete(model).where(*window, over))
    elif work.dialect == "postgresql":
        deleted = await _delete_at_once(work, model, window, over, batch)
    else:
        deleted = await _delete_by_key(work, model, window, over, batch)
    return PrunedBatch(deleted, last)


def over_since(model: type[SessionMixin[Any]], moment: datetime) -> ColumnElement[bool]:
    """Return the condition that a session had ended by then, in whatever way."""
    return or_(
        model.revoked_at <= moment,
        model.idle_expires_at <= moment,
        model.absolute_expires_at <= moment,
    )


async def _last_of(
    work: Work, model: type[SessionMixin[Any]], after: UUID | None, batch: int
) -> UUID | None:
    """Return the last key of a batch, or ``None`` if the table ends in it."""
    statement = select(model.id).where(*_between(model, after, None)).order_by(model.id)
    last: UUID | None = await work.scalar(statement.offset(batch - 1).limit(1))
    return last


def _between(model: type[SessionMixin[Any]], after: UUID | None, last: UUID | None) -> Window:
    from_here = [model.id > after] if after is not None else []
    return [*from_here, model.id <= last] if last is not None else from_here


async def _delete_at_once(
    work: Work,
    model: type[SessionMixin[Any]],
    window: Window,
    over: ColumnElement[bool],
    batch: int,
) -> int:
    """Delete what is over, except rows that somebody holds: the next run finds them.

    PostgreSQL looks at a row once more when it locks it. In a subquery instead
    of a CTE it may run the search again for every row of the window.
    """
    found = select(model.id).where(*window, over).limit(batch).with_for_update(skip_locked=True)
    keys = select(found.cte("found").c.id)
    return await change(work, delete(model).where(model.id.in_(keys)))


async def _delete_by_key(
    work: Work,
    model: type[SessionMixin[Any]],
    window: Window,
    over: ColumnElement[bool],
    batch: int,
) -> int:
    """Do so on MariaDB, where a locking scan locks every row that it passes, and the gaps.

    So the keys are read first. Each statement asks again whether the session is
    over: somebody may have changed it since.
    """
    keys = await work.scalars(select(model.id).where(*window, over).limit(batch))
    if keys:
        still_over = select(model.id).where(model.id.in_(keys), over)
        keys = await work.lock(still_over.with_for_update(skip_locked=True))
    return await change(work, delete(model).where(model.id.in_(keys), over)) if keys else 0
