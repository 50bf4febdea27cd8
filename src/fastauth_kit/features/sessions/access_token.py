"""Access tokens: JWTs in the profile of RFC 9068.

They are read on every request. What is the same in all of them, the header, is
written once and recognised as a whole; PyJWT's keys sign and verify the rest. What
was found good is remembered: its signature need not be looked at twice.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import InvalidToken
from fastauth_kit.core.hooks import AccessClaims
from fastauth_kit.core.keys import KeyRing, SigningKey
from fastauth_kit.core.secrets import random_text
from fastauth_kit.core.settings import AuthSettings

MAX_TOKEN_LENGTH = 8 * 1024
"""Longer ones are refused before parsing: 50 MB cost seconds of CPU."""

TOKEN_TYPE = "at+jwt"

FURTHEST_AHEAD = timedelta(days=1)
"""How far in the future a token may have been made: a clock that is set back, by
an hour or a time zone, must not turn everybody away."""

MOST_REMEMBERED = 4096
"""Tokens whose signature is not looked at again; about 2 MB."""

_write_json = json.JSONEncoder(separators=(",", ":")).encode


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
    signed = f"{_header(key.id, key.algorithm)}.{_encode(_write_json(claims).encode())}"
    return f"{signed}.{_encode(key.sign(signed.encode()))}"


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
    # a claim that is missing, or of the wrong type or value, under our own
    # signature, is a forgery too
    except _UNREADABLE:
        raise InvalidToken from None
    _check_times(claims, now, longest_lifetime)
    verified.keep(digest, claims)
    return claims


_UNREADABLE = (
    AttributeError,
    KeyError,
    OSError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)


def _read(auth: Assembly[Any], token: str) -> AccessClaims:
    """Return what a token says that we made, at whatever time."""
    claims = _verified(auth.keys, token)
    _check_parties(claims, auth.settings)
    issued_at, expires_at = claims["iat"], claims["exp"]
    if type(issued_at) is not int or type(expires_at) is not int:
        raise InvalidToken
    return AccessClaims(
        user_id=auth.user_key.read(claims["sub"]),
        session_id=UUID(claims["sid"]),
        issued_at=datetime.fromtimestamp(issued_at, UTC),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
    )


def _verified(keys: KeyRing, token: str) -> dict[str, Any]:
    """Return the claims of a token that one of our keys has signed."""
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    if not _key_of(keys, header).made(_decode(signature), signed.encode("ascii")):
        raise InvalidToken
    claims: dict[str, Any] = json.loads(_decode(payload))
    return claims


def _key_of(keys: KeyRing, header: str) -> SigningKey:
    """Return the key that a header names; ours are known at sight."""
    key = keys.signing_key
    if header == _header(key.id, key.algorithm):
        return key
    said = json.loads(_decode(header))
    key = keys.signing_keys[said["kid"]]
    if said["typ"] != TOKEN_TYPE or said["alg"] != key.algorithm or "crit" in said:
        raise InvalidToken
    return key


@lru_cache(maxsize=64)
def _header(key_id: str, algorithm: str) -> str:
    said = {"alg": algorithm, "kid": key_id, "typ": TOKEN_TYPE}
    return _encode(_write_json(said).encode())


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Decode what ``_encode`` wrote, and nothing else: one text for each value."""
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(data) != text:
        raise ValueError("not base64url")
    return data


def _check_parties(claims: dict[str, Any], settings: AuthSettings) -> None:
    """Check who made a token and for whom (RFC 9068, section 4), and that it is complete."""
    audience = claims["aud"]
    if claims["iss"] != settings.issuer or settings.audience not in (
        audience if isinstance(audience, list) else (audience,)
    ):
        raise InvalidToken
    if claims["client_id"] is None or type(claims["jti"]) is not str:
        raise InvalidToken


def _check_times(claims: AccessClaims, now: datetime, longest: timedelta) -> None:
    # a stolen signing key should not buy a token without end, nor one for later
    if not timedelta(0) <= claims.expires_at - claims.issued_at <= longest:
        raise InvalidToken
    if claims.expires_at <= now or claims.issued_at - now > FURTHEST_AHEAD:
        raise InvalidToken
