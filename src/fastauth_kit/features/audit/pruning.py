"""Deletion of events that are old; see ``core.pruning``."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.pruning import BATCH, PAUSE, PrunedBatch, prune_all, prune_rows
from fastauth_kit.core.secrets import last_id_of
from fastauth_kit.core.work import Work
from fastauth_kit.features.audit.feature import Audit

RETENTION = timedelta(days=365)
"""How long events are kept: what was stolen is often noticed months later."""


async def prune_events(
    auth: AuthKit[Any],
    make_session: Callable[[], AsyncSession | Session],
    *,
    older_than: timedelta = RETENTION,
    batch: int = BATCH,
    pause: timedelta = PAUSE,
) -> int:
    """Delete every event that is older than this; return how many.

    For cron and scripts, beside the running app. Each batch is a transaction
    of its own. Two of these at a time do no harm.

    Args:
        make_session: Such as the caller's ``async_sessionmaker``.
        batch: Rows deleted in one transaction.
        pause: Rest after each batch; 0 for none.

    Raises:
        DatabaseUnavailable: The database is away, or kept refusing.
        ValueError: A negative time, or an empty batch.
    """
    next_batch = partial(prune_event_batch, older_than=older_than, batch=batch)
    return await prune_all(auth, make_session, next_batch, pause=pause)


async def prune_event_batch(
    work: Work, *, older_than: timedelta = RETENTION, batch: int = BATCH, after: UUID | None = None
) -> PrunedBatch:
    """Delete the ``batch`` oldest events after a key, if they are old enough.

    Args:
        after: ``resume_after`` of the batch before; ``None`` for the first one.

    Raises:
        ValueError: A negative time, or an empty batch.
    """
    if older_than < timedelta(0) or batch < 1:
        raise ValueError("older_than must not be negative, and batch must be at least 1")
    model = work.auth.feature(Audit).model
    moment = work.now - older_than
    # ids begin with the time: what is younger is not even looked at
    within = [model.id <= last_id_of(moment)]
    return await prune_rows(
        work, model, model.at <= moment, within=within, after=after, batch=batch
    )
