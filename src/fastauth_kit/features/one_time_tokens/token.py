"""One-time tokens: ``kind.id.secret``, as they stand in a link.

The secret has 256 bits, so that a plain digest of it can be kept: there is
nothing to guess (ASVS 6.5.2). Nothing in here knows a clock or a database.
"""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.secrets import random_text, time_ordered_id

SECRET_BYTES = 32

_FORM = re.compile(
    r"(?P<kind>[a-z]{2})\.(?P<id>[0-9a-f]{32})\.(?P<secret>[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"
)
"""The last of 43 characters carries four bits: it has one spelling for each of them."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a token is for. One of another purpose never passes for it.

    Args:
        kind: Two lower-case letters in front of the token.
        name: As it is stored; at most 32 characters.
        lifetime: How long a token works.
        lasting: Changes of credentials leave it alone, and each mailbox of a
            user's has one of its own. For links that undo such a change: who
            made it must not be able to void them.

    Raises:
        ConfigurationError: The kind or the name does not fit, or the lifetime
            is not positive.
    """

    kind: str
    name: str
    lifetime: timedelta
    lasting: bool = False

    def __post_init__(self) -> None:
        if re.fullmatch("[a-z]{2}", self.kind) is None:
            raise ConfigurationError(f"kind must be two lower-case letters, not {self.kind!r}")
        if not 0 < len(self.name) <= 32:
            raise ConfigurationError("the name of a purpose must have 1 to 32 characters")
        if self.lifetime <= timedelta(0):
            raise ConfigurationError("the lifetime of a one-time token must be positive")


@dataclass(frozen=True, slots=True)
class OneTimeToken:
    """A presented token, taken apart but not believed yet."""

    kind: str
    id: UUID
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The token as it is sent."""
        return f"{self.kind}.{self.id.hex}.{self.secret}"

    @property
    def digest(self) -> str:
        """What the database keeps of it."""
        return urlsafe_b64encode(sha256(self.text.encode()).digest()).rstrip(b"=").decode()


def new_one_time_token(kind: str, now: datetime) -> OneTimeToken:
    """Return a token that nobody has seen; its id tells when it was made."""
    return OneTimeToken(kind, time_ordered_id(now), random_text(SECRET_BYTES))


def parse_one_time_token(text: str) -> OneTimeToken | None:
    """Take a token apart, or return ``None`` if it does not look like one."""
    match = _FORM.fullmatch(text)
    return OneTimeToken(match["kind"], UUID(match["id"]), match["secret"]) if match else None
