"""What happens with passwords."""

from dataclasses import dataclass
from typing import Any, ClassVar

from fastauth_kit.core.hooks import Device, Event


@dataclass(frozen=True, slots=True)
class LoginFailed(Event):
    """Somebody presented an unknown address or a wrong password."""

    succeeded: ClassVar[bool] = False
    typed: ClassVar[frozenset[str]] = frozenset({"email"})

    email: str
    """As typed, in canonical form; there may be no such account.

    Printable, and 320 characters at most, whatever was typed.
    """
    device: Device
    user_id: Any = None
    """Whose account it is; ``None`` if there is none. Not for whoever tried."""


@dataclass(frozen=True, slots=True)
class PasswordChanged(Event):
    """A user has a new password."""

    user_id: Any


@dataclass(frozen=True, slots=True)
class ConfirmationFailed(Event):
    """A signed-in user was asked for their password, and it was wrong."""

    succeeded: ClassVar[bool] = False

    user_id: Any
