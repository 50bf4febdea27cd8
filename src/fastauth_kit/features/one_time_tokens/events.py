"""What one-time tokens bring about."""

from dataclasses import dataclass
from typing import Any, ClassVar

from fastauth_kit.core.hooks import Event


@dataclass(frozen=True, slots=True)
class MailboxProven(Event):
    """A user has proven to read the mailbox of their account, for the first time."""

    user_id: Any


@dataclass(frozen=True, slots=True)
class OneTimeTokenRefused(Event):
    """Somebody presented a token of the right form that does not work, or no longer.

    Whose it was is not known: the one who presents it says nothing of that.
    """

    succeeded: ClassVar[bool] = False

    purpose: str
    """What it should have been for."""
