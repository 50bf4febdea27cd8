"""The table of registrations that wait for their mailbox."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Integer, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from fastauth_kit.core.models import Record, UtcDateTime, exact_text


class PendingRegistrationMixin(Record):
    """Columns of the table that holds registrations until their mailbox is proven.

    The caller adds ``__tablename__``. A row is no account: nobody signs in with
    it, and the address is not taken by it.
    """

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    """Stands in the token, which finds its row by it; orders them by time."""

    email: Mapped[str] = mapped_column(exact_text(320), index=True)
    """Canonical form; several may wait for one mailbox, each with a link of its own."""

    digest: Mapped[str] = mapped_column(exact_text(43))
    """SHA-256 of the token (ASVS 6.5.2: its secret has more than 112 bits)."""

    hashed_password: Mapped[str] = mapped_column(exact_text(1024))
    """Of the password that was typed in this registration, and in no other."""

    columns: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The caller's own columns, as the body named them."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it was asked for."""

    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    """From when on the link no longer works."""

    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """How often somebody came with the right id and a wrong secret."""
