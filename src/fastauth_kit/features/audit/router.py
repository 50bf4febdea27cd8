"""Routes of the audit: one's own events, and everybody's for superusers."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError

from fastauth_kit.core.authentication import Authenticated
from fastauth_kit.core.client_address import TrustedProxies, find_client
from fastauth_kit.core.errors import NotEnoughPermissions
from fastauth_kit.core.identifiers import KeyFormat
from fastauth_kit.core.paging import MAX_CURSOR, MAX_LIMIT, Number
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.secrets import first_id_of
from fastauth_kit.core.work import Work
from fastauth_kit.features.audit.listing import EventFilter, page_of_events
from fastauth_kit.features.audit.models import MAX_USER_ID, AuditEventMixin
from fastauth_kit.features.audit.schemas import (
    AuditPage,
    AuditRecord,
    SecurityEvent,
    SecurityEventPage,
)

if TYPE_CHECKING:
    from fastauth_kit.features.audit.feature import Audit

OWN, ALL = "own-events-cursor", "audit-cursor"

FIRST_YEAR, LAST_YEAR = 1970, 9000
"""Moments beyond these fit no id, or no database."""

Cursor = Annotated[
    str,
    Query(max_length=MAX_CURSOR, description="Empty for the first page, then `next_cursor`."),
]
Limit = Annotated[Number, Query(ge=1, le=MAX_LIMIT)]


def _moment(given: datetime) -> datetime:
    if not FIRST_YEAR < given.year < LAST_YEAR:
        raise PydanticCustomError("moment_out_of_range", "Use a time of this age.")
    return given.astimezone(UTC)


def _address(text: str) -> str:
    found = find_client(text, (), TrustedProxies())
    if found is None:
        raise PydanticCustomError("ip_invalid", "Use an IP address.")
    return found


Moment = Annotated[AwareDatetime, AfterValidator(_moment)]
Address = Annotated[str, AfterValidator(_address)]


def add_audit_routes(audit: "Audit", table: RouteTable) -> None:
    """Add every route of the feature."""
    _add_own(audit, table)
    _add_all(audit, table)


def _add_own(audit: "Audit", table: RouteTable) -> None:
    auth, model = table.auth, audit.model

    async def list_own_events(
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
        work: Annotated[Work, Depends(auth.work)],
        cursor: Cursor = "",
        limit: Limit = 20,
    ) -> SecurityEventPage:
        """List what happened to your account, the newest first."""
        user_id, since = auth.user_key.write(who.session.user_id), who.user.created_at
        conditions = [
            model.user_id == user_id,
            # a database may give an id again, and rows outlive the account
            model.id >= first_id_of(since),
            model.at >= since,
            model.kind.not_in(audit.unlisted),
        ]
        async with work:
            page = await page_of_events(
                work, model, conditions, purpose=OWN, cursor=cursor, limit=limit
            )
            items = [_shown_to_owner(row) for row in page.rows]
        return SecurityEventPage(items=items, next_cursor=page.next_cursor)

    table.add(
        "list_own_events",
        "GET",
        "/events",
        list_own_events,
        signed_in=True,
        response_model=SecurityEventPage,
    )


def _shown_to_owner(row: AuditEventMixin) -> SecurityEvent:
    """Return what users see of an event: where an administrator is, is not theirs to know."""
    by_administrator = row.actor_id is not None and row.actor_id != row.user_id
    return SecurityEvent(
        id=row.id,
        kind=row.kind,
        at=row.at,
        ip=None if by_administrator else row.ip,
        user_agent=None if by_administrator else row.user_agent,
        succeeded=row.succeeded,
        by_administrator=by_administrator,
        data=row.data,
    )


def _add_all(audit: "Audit", table: RouteTable) -> None:
    auth, model = table.auth, audit.model

    async def list_events(
        superuser: Annotated[Any, Depends(auth.current_superuser)],
        work: Annotated[Work, Depends(auth.work)],
        which: Annotated[EventFilter, Depends(_filter_reader(auth.user_key))],
        cursor: Cursor = "",
        limit: Limit = 20,
    ) -> AuditPage:
        """List what happened to all accounts, the newest first."""
        async with work:
            page = await page_of_events(
                work, model, which.conditions(model), purpose=ALL, cursor=cursor, limit=limit
            )
            items = [AuditRecord.model_validate(row) for row in page.rows]
        return AuditPage(items=items, next_cursor=page.next_cursor)

    table.add(
        "list_events",
        "GET",
        "/audit",
        list_events,
        errors=[NotEnoughPermissions],
        signed_in=True,
        response_model=AuditPage,
    )


def _filter_reader(key: KeyFormat) -> Callable[..., Coroutine[Any, Any, EventFilter]]:
    """Return the dependency that reads the filters of a query."""

    def canonical(text: str) -> str:
        return key.write(key.read(text))

    UserId = Annotated[str, AfterValidator(canonical)]  # noqa: N806  # a type

    async def read_filter(
        *,
        user_id: Any = None,
        kind: Annotated[str | None, Query(max_length=64, pattern="^[a-z0-9_]+$")] = None,
        succeeded: bool | None = None,
        ip: Annotated[Address | None, Query(max_length=45)] = None,
        since: Annotated[Moment | None, Query(description="With a time zone.")] = None,
        until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    ) -> EventFilter:
        return EventFilter(
            user_id=user_id, kind=kind, succeeded=succeeded, ip=ip, since=since, until=until
        )

    read_filter.__annotations__["user_id"] = Annotated[
        UserId | None, Query(max_length=MAX_USER_ID, description="Whom it is about.")
    ]
    return read_filter
