"""Small statements that we make to ourselves, and nobody else can make.

A JWS (RFC 7515) under a key that is derived for one purpose, so that a text
of one purpose never passes for another (RFC 8725, section 3.12).
"""

from collections.abc import Mapping
from typing import Any

import jwt

from fastauth_kit.core.keys import KeyRing

_ALGORITHM = "HS256"
_MAX_LENGTH = 2048


def sign(keys: KeyRing, purpose: str, claims: Mapping[str, Any]) -> str:
    """Return ``claims`` as signed, URL-safe text. They can be read by anyone."""
    key = keys.current(purpose)
    return jwt.encode(dict(claims), key.value, algorithm=_ALGORITHM, headers={"kid": key.id})


def read_signed(keys: KeyRing, purpose: str, text: str) -> dict[str, Any] | None:
    """Return the claims of a text made by ``sign``, or ``None`` if it was not."""
    if len(text) > _MAX_LENGTH:
        return None
    try:
        key = keys.find(purpose, str(jwt.get_unverified_header(text).get("kid")))
        if key is None:
            return None
        return jwt.decode(
            text,
            key.value,
            algorithms=[_ALGORITHM],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.PyJWTError, UnicodeError):
        return None
