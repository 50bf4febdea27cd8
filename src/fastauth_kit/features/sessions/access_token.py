"""Access tokens: JWTs in the profile of RFC 9068.

They are read on every request. What was found good is remembered, so that its
signature need not be looked at twice.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
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

FURTHEST_AHEAD = timedelta(days=1)
"""How far in the future a token may have been made: a clock that is set back, by
an hour or a time zone, must not turn everybody away."""

MOST_REMEMBERED = 4096
"""Tokens whose signature is not looked at again; about 2 MB."""

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


class VerifiedTokens:
    """What tokens of one installation say whose signature was found good.

    By digest, so that nobody who reads the memory finds a token. Nothing that
    may change is remembered: the time, and whether the session still lives,
    are asked on every request. A key that is retired ends with its process.
    """

    def __init__(self, _: Assembly[Any]) -> None:
        self._claims: dict[bytes, AccessClaims] = {}

    def get(self, digest: bytes) -> AccessClaims | None:
        """Return what the token of this digest says, if it was verified before."""
        return self._claims.get(digest)

    def keep(self, digest: bytes, claims: AccessClaims) -> None:
        """Remember a token; when there are too many, begin again."""
        if len(self._claims) >= MOST_REMEMBERED:
            # in one step, because other threads may be reading
            self._claims = {}
        self._claims[digest] = claims


def read_access_token(
    auth: Assembly[Any], token: str, *, now: datetime, longest_lifetime: timedelta
) -> AccessClaims:
    """Verify a token and return what it says.

    The key decides the algorithm, never the token (RFC 8725, section 3.1).

    Raises:
        InvalidToken: Malformed, forged, expired, or of another kind.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        raise InvalidToken
    verified = auth.prepared(VerifiedTokens)
    try:
        digest = sha256(token.encode()).digest()
        if (known := verified.get(digest)) is not None:
            _check_times(known, now, longest_lifetime)
            return known
        claims = _read(auth, token)
    # a claim of the wrong type or value, under our own signature, is a forgery too
    except (jwt.PyJWTError, AttributeError, OSError, OverflowError, TypeError, ValueError):
        raise InvalidToken from None
    _check_times(claims, now, longest_lifetime)
    verified.keep(digest, claims)
    return claims


def _read(auth: Assembly[Any], token: str) -> AccessClaims:
    """Return what a token says that we made, at whatever time."""
    claims = _verify(auth, token)
    issued_at, expires_at = claims["iat"], claims["exp"]
    if type(issued_at) is not int or type(expires_at) is not int:
        raise InvalidToken
    return AccessClaims(
        user_id=auth.user_key.read(claims["sub"]),
        session_id=UUID(claims["sid"]),
        issued_at=datetime.fromtimestamp(issued_at, UTC),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
    )


def _verify(auth: Assembly[Any], token: str) -> dict[str, Any]:
    header = jwt.get_unverified_header(token)
    key = auth.keys.verification_keys.get(header.get("kid", ""))
    if key is None or header.get("typ") != TOKEN_TYPE:
        raise InvalidToken
    return _verifier.decode(
        token,
        key.jwk,
        algorithms=[key.algorithm],
        issuer=auth.settings.issuer,
        audience=auth.settings.audience,
    )


def _check_times(claims: AccessClaims, now: datetime, longest: timedelta) -> None:
    # a stolen signing key should not buy a token without end, nor one for later
    if not timedelta(0) <= claims.expires_at - claims.issued_at <= longest:
        raise InvalidToken
    if claims.expires_at <= now or claims.issued_at - now > FURTHEST_AHEAD:
        raise InvalidToken
