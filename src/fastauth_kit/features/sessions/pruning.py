"""Deletion of sessions that are long over; see ``core.pruning``."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.pruning import BATCH, PAUSE, PrunedBatch, prune_all, prune_rows
from fastauth_kit.core.work import Work
from fastauth_kit.features.sessions.feature import Sessions
from fastauth_kit.features.sessions.models import SessionMixin

RETENTION = timedelta(days=30)
"""How long sessions that are over are kept: whoever looks into a theft that was
noticed late finds when, from where, and why they ended. Nothing else needs them."""


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
    return await prune_all(auth, make_session, next_batch, pause=pause)


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
    return await prune_rows(work, model, over, after=after, batch=batch)


def over_since(model: type[SessionMixin[Any]], moment: datetime) -> ColumnElement[bool]:
    """Return the condition that a session had ended by then, in whatever way."""
    return or_(
        model.revoked_at <= moment,
        model.idle_expires_at <= moment,
        model.absolute_expires_at <= moment,
    )
