"""What one-time tokens bring about."""

from dataclasses import dataclass
from typing import Any

from fastauth_kit.core.hooks import Event


@dataclass(frozen=True, slots=True)
class MailboxProven(Event):
    """A user has proven to read the mailbox of their account, for the first time."""

    user_id: Any
