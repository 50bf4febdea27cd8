"""What happens on the way from a first factor to a session."""

from dataclasses import dataclass
from typing import Any, ClassVar

from fastauth_kit.core.events import Event
from fastauth_kit.core.hooks import Device

__all__ = ["FirstFactorProven", "LoginRefused"]


@dataclass(frozen=True, slots=True)
class FirstFactorProven(Event):
    """A user proved who they are, and a second factor is due; no session exists yet."""

    user_id: Any
    method: str
    """RFC 8176 name."""
    device: Device


@dataclass(frozen=True, slots=True)
class LoginRefused(Event):
    """A user proved who they are, and may not sign in all the same."""

    succeeded: ClassVar[bool] = False

    user_id: Any
    reason: str
    """Code of the refusal, such as ``inactive_user``."""
    device: Device
