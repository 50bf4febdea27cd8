"""Refresh tokens: ``rt.session.generation.keyid.mac``.

The MAC covers session and generation under a key of the deployment and a salt
of the session's row, so that neither a stolen database nor a stolen key alone
yields a token. Nothing in here knows a clock or a database.
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID

from fastauth_kit.core.secrets import mac_text, same_text

REFRESH_PURPOSE = "refresh-token"
"""Purpose under which the key ring derives the MAC's key."""

SALT_BYTES = 32

_FORM = re.compile(
    r"rt\.(?P<session>[0-9a-f]{32})\.(?P<generation>0|[1-9][0-9]{0,17})"
    r"\.(?P<key_id>[0-9a-f]{12})\.(?P<mac>[A-Za-z0-9_-]{43})"
)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A presented token, taken apart but not believed yet."""

    session_id: UUID
    generation: int
    key_id: str
    mac: str = field(repr=False)


def parse_refresh_token(text: str) -> RefreshToken | None:
    """Take a token apart, or return ``None`` if it does not look like one."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    session_id = UUID(match["session"])
    return RefreshToken(session_id, int(match["generation"]), match["key_id"], match["mac"])


def make_refresh_token(
    session_id: UUID, generation: int, *, key_id: str, key: bytes, salt: str
) -> str:
    """Return the token of one generation; the same one whenever it is asked for."""
    mac = _mac(session_id, generation, key=key, salt=salt)
    return f"rt.{session_id.hex}.{generation}.{key_id}.{mac}"


def is_genuine(token: RefreshToken, *, key: bytes, salt: str) -> bool:
    """Whether we made this token, however long ago."""
    expected = _mac(token.session_id, token.generation, key=key, salt=salt)
    return same_text(token.mac, expected)


def _mac(session_id: UUID, generation: int, *, key: bytes, salt: str) -> str:
    return mac_text(key, session_id.bytes, str(generation).encode(), salt.encode())


class Standing(Enum):
    """What a genuine token is worth."""

    CURRENT = auto()
    """The latest one: it is exchanged for its successor."""

    JUST_REPLACED = auto()
    """Its successor may have been lost on the way: that one is given again."""

    REUSED = auto()
    """Replaced for good: whoever presents it, or its successor, stole it."""

    UNKNOWN = auto()
    """Of a generation that the database has not seen: it was restored."""


def standing(
    generation: int, *, latest: int, seconds_since_rotation: float, grace_seconds: float
) -> Standing:
    """Judge a genuine token by its generation (RFC 9700, section 4.14.2).

    Args:
        seconds_since_rotation: May be negative where clocks disagree; that
            counts as within the grace.
        grace_seconds: How long the direct predecessor is answered again.
    """
    if generation == latest:
        return Standing.CURRENT
    if generation > latest:
        return Standing.UNKNOWN
    if generation == latest - 1 and seconds_since_rotation <= grace_seconds:
        return Standing.JUST_REPLACED
    return Standing.REUSED
