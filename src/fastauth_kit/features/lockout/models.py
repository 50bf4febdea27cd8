"""The table of failed logins: a row for each that still counts."""

from datetime import datetime
from typing import ClassVar, Generic
from uuid import UUID

from sqlalchemy import Boolean, Uuid, false
from sqlalchemy.orm import Mapped, mapped_column

from fastauth_kit.core.models import IdT, OwnedByUser, UtcDateTime, exact_text


class LoginFailureMixin(OwnedByUser[IdT], Generic[IdT]):
    """Columns of the table that holds the failed logins.

    The caller adds ``__tablename__`` and ``__auth_user__``. An account has at
    most about as many rows as failures shut it; good logins, and a new
    password, delete them. A failure that counts for no account is a row without
    a user, so that the time of an answer tells nothing; ``Lockout.prune``
    deletes those.
    """

    __some_are_nobodys__: ClassVar[bool] = True

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    """Orders them by time."""

    attempted: Mapped[str | None] = mapped_column(exact_text(64), index=True)
    """A mark (an HMAC) of an address that has no account, by which its failures are
    counted; ``None`` where it has one, and after the lock."""

    network: Mapped[str] = mapped_column(exact_text(64))
    """Where it came from: an IPv4 address or an IPv6 /64."""

    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it was."""

    announced: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Whether its owner has been told that the account is locked."""
