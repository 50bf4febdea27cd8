"""Pages of events, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.identifiers import KeyFormat
from fastauth_kit.core.paging import read_cursor, write_cursor
from fastauth_kit.core.secrets import first_id_of, last_id_of
from fastauth_kit.core.work import Work
from fastauth_kit.features.audit.models import AuditEventMixin

_ID = KeyFormat(UUID)


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page."""

    rows: Sequence[AuditEventMixin]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFilter:
    """Which events to list; ``until`` is the first moment that is no longer meant."""

    user_id: str | None = None
    kind: str | None = None
    succeeded: bool | None = None
    ip: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self, model: type[AuditEventMixin]) -> list[ColumnElement[bool]]:
        """Return it as SQL."""
        same = {
            model.user_id: self.user_id,
            model.kind: self.kind,
            model.succeeded: self.succeeded,
            model.ip: self.ip,
        }
        found = [column == value for column, value in same.items() if value is not None]
        # ids begin with the time, so that the index of the key finds both ends; to the
        # millisecond, hence the moments themselves as well
        if self.since is not None:
            found += [model.id >= first_id_of(self.since), model.at >= self.since]
        if self.until is not None:
            found += [model.id <= last_id_of(self.until), model.at < self.until]
        return found


async def page_of_events(
    work: Work,
    model: type[AuditEventMixin],
    conditions: Sequence[ColumnElement[bool]],
    *,
    purpose: str,
    cursor: str,
    limit: int,
) -> EventPage:
    """Return the events before a cursor.

    Args:
        purpose: Of the cursors of this list.
        cursor: From the page before; empty for the first page.

    Raises:
        InvalidInput: The cursor was tampered with.
    """
    statement = select(model).where(*conditions).order_by(model.id.desc())
    if cursor:
        statement = statement.where(model.id < read_cursor(work, purpose, _ID, cursor))
    rows: Sequence[Any] = await work.scalars(statement.limit(limit + 1))
    if len(rows) <= limit:
        return EventPage(rows, None)
    return EventPage(rows[:limit], write_cursor(work, purpose, _ID, rows[limit - 1].id))
