"""The table of the one-time tokens: one row for each user and purpose, or mailbox."""

from datetime import datetime
from typing import Generic
from uuid import UUID

from sqlalchemy import Boolean, Integer, Uuid, false
from sqlalchemy.orm import Mapped, mapped_column

from fastauth_kit.core.models import IdT, OwnedByUser, UtcDateTime, exact_text


class OneTimeTokenMixin(OwnedByUser[IdT], Generic[IdT]):
    """Columns of the table that holds the one-time tokens of every purpose.

    The caller adds ``__tablename__`` and ``__auth_user__``. No column holds
    anything that could be presented as a token.
    """

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    """Stands in the token, which finds its row by it."""

    slot: Mapped[str] = mapped_column(exact_text(43), unique=True)
    """Of user and purpose, and of the mailbox if it is lasting: the newest token takes
    the place of the one before."""

    purpose: Mapped[str] = mapped_column(exact_text(32))
    """What the token is for."""

    lasting: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Whether it outlives changes of credentials; see ``Purpose``."""

    digest: Mapped[str] = mapped_column(exact_text(43))
    """SHA-256 of the token (ASVS 6.5.2: its secret has more than 112 bits)."""

    email: Mapped[str] = mapped_column(exact_text(320))
    """The mailbox it was sent to, hence the one that presenting it proves."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it was made."""

    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """From when on it no longer works."""

    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """How often somebody came with the right id and a wrong secret."""

    consumed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When it was used, or made void; ``None`` while it works."""
