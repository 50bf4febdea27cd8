"""What happens around the password reset."""

from dataclasses import dataclass
from typing import Any

from fastauth_kit.core.hooks import Event


@dataclass(frozen=True, slots=True)
class PasswordResetRequested(Event):
    """A link to choose a new password is on its way to a user."""

    user_id: Any
