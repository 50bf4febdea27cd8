"""What happens to the address of an account by its owner's links."""

from dataclasses import dataclass
from typing import Any

from fastauth_kit.core.hooks import Event


@dataclass(frozen=True, slots=True)
class EmailChanged(Event):
    """A user has proven another mailbox, which is now that of the account."""

    user_id: Any


@dataclass(frozen=True, slots=True)
class EmailChangeUndone(Event):
    """Whoever reads a former mailbox took the account back, with a new password."""

    user_id: Any
