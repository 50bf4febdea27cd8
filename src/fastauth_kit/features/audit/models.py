"""The table of events: rows are added, and deleted when they are old."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Index, String, Uuid
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from fastauth_kit.core.events import MAX_KIND
from fastauth_kit.core.models import Record, UtcDateTime, exact_text

MAX_USER_ID = 255
MAX_IP = 45
MAX_AGENT = 255
MAX_REQUEST_ID = 64


class AuditEventMixin(Record):
    """Columns of the table that holds what happened.

    The caller adds ``__tablename__``. Nothing refers to the table of users: rows
    outlive the account. Whoever sets ``__table_args__`` adds an index on
    ``user_id`` and ``id`` to them.
    """

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    """UUIDv7: in the order in which things happened."""

    kind: Mapped[str] = mapped_column(exact_text(MAX_KIND))
    """What happened: the class of the event, in small letters, as in ``login_failed``."""

    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When."""

    succeeded: Mapped[bool] = mapped_column(Boolean)
    """Whether what was tried came about."""

    user_id: Mapped[str | None] = mapped_column(exact_text(MAX_USER_ID))
    """Whom it is about, as text; the account may be gone."""

    actor_id: Mapped[str | None] = mapped_column(exact_text(MAX_USER_ID))
    """Who was signed in when it happened; ``None`` where nobody was."""

    ip: Mapped[str | None] = mapped_column(String(MAX_IP))
    """Where it came from."""

    user_agent: Mapped[str | None] = mapped_column(String(MAX_AGENT))
    """What the client called itself, without control characters."""

    request_id: Mapped[str | None] = mapped_column(exact_text(MAX_REQUEST_ID))
    """What names the request in other logs."""

    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What else the event says; no password, no token."""

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        """An index for the events of one user, in order."""
        return (Index(None, "user_id", "id"),)
