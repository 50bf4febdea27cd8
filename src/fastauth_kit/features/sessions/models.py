"""The table that holds one row for each login."""

from datetime import datetime
from typing import Generic
from uuid import UUID

from sqlalchemy import JSON, BigInteger, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from fastauth_kit.core.models import IdT, OwnedByUser, UtcDateTime, exact_text


class SessionMixin(OwnedByUser[IdT], Generic[IdT]):
    """Columns of the table that holds the sessions.

    The caller adds ``__tablename__`` and ``__auth_user__``. No column holds
    anything that could be presented as a token.
    """

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    """UUIDv7, so that the index grows at its end; ``sid`` of the access tokens."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the user signed in."""

    authenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the user last proved who they are in this session."""

    amr: Mapped[dict[str, str]] = mapped_column(JSON)
    """Methods used (RFC 8176 names), each with the time of its last use."""

    ip: Mapped[str | None] = mapped_column(String(45))
    """Address the user signed in from."""

    user_agent: Mapped[str | None] = mapped_column(String(255))
    """What the client called itself, without control characters."""

    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When tokens were last issued."""

    idle_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """End of the session unless it is refreshed before."""

    absolute_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """End of the session whatever happens (RFC 9700, section 4.14.2)."""

    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When it was ended; ``None`` while it lives."""

    revoked_reason: Mapped[str | None] = mapped_column(exact_text(32), default=None)
    """Why it was ended: a ``RevokedReason``."""

    refresh_generation: Mapped[int] = mapped_column(BigInteger, default=0)
    """How often the refresh token was rotated; only the latest one works."""

    refresh_salt: Mapped[str] = mapped_column(exact_text(43))
    """Goes into the refresh token's MAC, so that the key alone forges nothing."""

    refresh_key_id: Mapped[str] = mapped_column(exact_text(32))
    """Key under which the latest refresh token was made."""

    rotated_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When the latest refresh token was made, if it is not the first."""
