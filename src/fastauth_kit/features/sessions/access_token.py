"""Access tokens: JWTs in the profile of RFC 9068."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import InvalidToken
from fastauth_kit.core.hooks import AccessClaims
from fastauth_kit.core.secrets import random_text

MAX_TOKEN_LENGTH = 8 * 1024
"""Longer ones are refused before parsing: 50 MB cost seconds of CPU."""

TOKEN_TYPE = "at+jwt"

FURTHEST_AHEAD_SECONDS = 24 * 60 * 60
"""How far in the future a token may have been made: a clock that is set back, by
an hour or a time zone, must not turn everybody away."""

_REQUIRED = ("iss", "aud", "sub", "client_id", "sid", "jti", "iat", "exp")

_verifier = jwt.PyJWT(
    options={
        "require": list(_REQUIRED),
        # the kit's own clock decides, in _check_times
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
    }
)


def make_access_token(
    auth: Assembly[Any], *, user_id: Any, session_id: UUID, now: datetime, lifetime_seconds: int
) -> str:
    """Return a signed token. It holds no personal data."""
    settings, key = auth.settings, auth.keys.signing_key
    issued_at = int(now.timestamp())
    claims = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": auth.user_key.write(user_id),
        "client_id": settings.client_id,
        "sid": str(session_id),
        "jti": random_text(),
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds,
    }
    headers = {"typ": TOKEN_TYPE, "kid": key.id}
    return jwt.encode(claims, key.jwk, algorithm=key.algorithm, headers=headers)


def read_access_token(
    auth: Assembly[Any], token: str, *, now: datetime, longest_lifetime_seconds: int
) -> AccessClaims:
    """Verify a token and return what it says.

    The key decides the algorithm, never the token (RFC 8725, section 3.1).

    Raises:
        InvalidToken: Malformed, forged, expired, or of another kind.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        raise InvalidToken
    try:
        claims = _verify(auth, token)
        issued_at, expires_at = claims["iat"], claims["exp"]
        _check_times(issued_at, expires_at, now, longest_lifetime_seconds)
        return AccessClaims(
            user_id=auth.user_key.read(claims["sub"]),
            session_id=UUID(claims["sid"]),
            issued_at=datetime.fromtimestamp(issued_at, UTC),
            expires_at=datetime.fromtimestamp(expires_at, UTC),
        )
    # a claim of the wrong type or value, under our own signature, is a forgery too
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        raise InvalidToken from None


def _verify(auth: Assembly[Any], token: str) -> dict[str, Any]:
    header = jwt.get_unverified_header(token)
    key = auth.keys.signing_keys.get(header.get("kid", ""))
    if key is None or header.get("typ") != TOKEN_TYPE:
        raise InvalidToken
    return _verifier.decode(
        token,
        key.jwk,
        algorithms=[key.algorithm],
        issuer=auth.settings.issuer,
        audience=auth.settings.audience,
    )


def _check_times(issued_at: Any, expires_at: Any, now: datetime, longest: int) -> None:
    if type(issued_at) is not int or type(expires_at) is not int:
        raise InvalidToken
    # a stolen signing key should not buy a token without end, nor one for later
    if not 0 <= expires_at - issued_at <= longest or expires_at <= now.timestamp():
        raise InvalidToken
    if issued_at > now.timestamp() + FURTHEST_AHEAD_SECONDS:
        raise InvalidToken
