"""Rows of registrations that wait: added, found by their token, ended."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.store import change, find
from fastauth_kit.core.work import Work
from fastauth_kit.features.one_time_tokens import OneTimeToken
from fastauth_kit.features.private_registration.models import PendingRegistrationMixin

Model = type[PendingRegistrationMixin]


async def add_pending(
    work: Work, model: Model, token: OneTimeToken, *, lifetime: timedelta, **values: Any
) -> None:
    """Insert a registration that the bearer of a token may complete."""
    row = model(
        id=token.id,
        digest=token.digest,
        created_at=work.now,
        expires_at=work.now + lifetime,
        attempts=0,
        **values,
    )
    await work.add(row)


async def drop_oldest(work: Work, model: Model, email: str, *, keep: int) -> None:
    """Delete what waits for a mailbox beyond so many, the latest being kept."""
    latest_first = select(model.id).where(model.email == email).order_by(model.id.desc())
    too_many = (await work.scalars(latest_first))[keep:]
    if too_many:
        await change(work, delete(model).where(model.id.in_(too_many)))


async def find_pending(
    work: Work, model: Model, token: OneTimeToken, *, max_attempts: int
) -> PendingRegistrationMixin | None:
    """Return the registration that a token completes, if it works."""
    works = (
        model.id == token.id,
        model.digest == token.digest,
        model.expires_at > work.now,
        model.attempts < max_attempts,
    )
    return await find(work, model, *works)


async def count_attempt(work: Work, model: Model, token: OneTimeToken) -> None:
    """Count a wrong secret."""
    guessing = (model.id == token.id, model.digest != token.digest)
    await change(work, update(model).where(*guessing).values(attempts=model.attempts + 1))


async def end_pending(work: Work, model: Model, email: str, token: OneTimeToken) -> bool:
    """Delete everything that waits for a mailbox; return whether that of a token still did."""
    mine = await change(work, delete(model).where(model.id == token.id))
    await change(work, delete(model).where(model.email == email))
    return mine == 1


async def delete_expired(work: Work, model: Model, *, at_most: int) -> int:
    """Delete so many rows that are over; return how many there were."""
    over: ColumnElement[bool] = model.expires_at <= work.now
    found = await work.scalars(select(model.id).where(over).limit(at_most))
    return await change(work, delete(model).where(model.id.in_(found))) if found else 0
