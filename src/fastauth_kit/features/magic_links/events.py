"""What happens around magic links."""

from dataclasses import dataclass
from typing import Any

from fastauth_kit.core.hooks import Event


@dataclass(frozen=True, slots=True)
class MagicLinkRequested(Event):
    """A link to sign in is on its way to a user."""

    user_id: Any
