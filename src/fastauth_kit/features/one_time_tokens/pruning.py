"""Deletion of one-time tokens that have expired; see ``core.pruning``."""

from datetime import timedelta
from uuid import UUID

from fastauth_kit.core.pruning import BATCH, PrunedBatch, prune_rows
from fastauth_kit.core.work import Work
from fastauth_kit.features.one_time_tokens.feature import OneTimeTokens

RETENTION = timedelta(days=1)
"""How long tokens are kept that work no more: the clocks of machines differ a little."""


async def prune_token_batch(
    work: Work, *, over_for: timedelta = RETENTION, batch: int = BATCH, after: UUID | None = None
) -> PrunedBatch:
    """Delete what has expired among the ``batch`` tokens that come after a key.

    A token that was used stays until it expires.

    Args:
        after: ``resume_after`` of the batch before; ``None`` for the first one.

    Raises:
        ValueError: A negative time, or an empty batch.
    """
    if over_for < timedelta(0) or batch < 1:
        raise ValueError("over_for must not be negative, and batch must be at least 1")
    model = work.auth.feature(OneTimeTokens).model
    over = model.expires_at <= work.now - over_for
    return await prune_rows(work, model, over, after=after, batch=batch)
