"""What a deployment decides: its secrets, its name in tokens, its limits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from fastauth_kit.core.client_address import TrustedProxies, parse_trusted_proxies
from fastauth_kit.core.errors import ConfigurationError

HmacAlgorithm = Literal["HS256", "HS384", "HS512"]

MINIMUM_SECRET_BYTES = 32
"""256 bits."""

MINIMUM_SIGNING_BYTES: dict[str, int] = {"HS256": 32, "HS384": 48, "HS512": 64}
"""As long as the hash (RFC 7518, section 3.2)."""

MINIMUM_DISTINCT_BYTES = 8
"""A random secret of 32 bytes, even in hexadecimal, practically always has more."""

_PLACEHOLDERS = (
    "changeme",
    "changethis",
    "replaceme",
    "yoursecret",
    "placeholder",
    "examplesecret",
)


@dataclass(frozen=True, kw_only=True)
class AuthSettings:
    """Settings of one deployment.

    Args:
        secret_key: At least 32 random bytes. Everything the kit signs or
            derives comes from it, each use with a key of its own.
        token_url: Path of ``POST /login`` as browsers see it, for the
            Authorize button of the OpenAPI page.
        secret_key_fallbacks: Secrets that are still, or already, accepted but
            not used for anything new. Roll a secret in two deployments: first
            add the new one here everywhere, then swap the two.
        signing_key: Key of the access tokens alone, to be shared with whoever
            verifies them (a gateway). Empty: derived from ``secret_key``.
        signing_key_fallbacks: As ``secret_key_fallbacks``, for ``signing_key``.
        algorithm: HMAC algorithm of the access tokens (RFC 7518, section 3.2).
        issuer: ``iss`` of the access tokens.
        audience: ``aud`` of the access tokens.
        client_id: ``client_id`` of the access tokens (RFC 9068, section 2.2).
        max_body_bytes: Longest request body the kit's routes read.
        trusted_proxies: Who may say, in ``X-Forwarded-For``, where a request
            comes from: networks of the proxies (``["10.0.0.0/8"]``), or how
            many proxies every request has passed. Empty: the header is
            ignored.

    Raises:
        ConfigurationError: A key is short, a placeholder, or given twice; or
            a value is missing or unknown.
    """

    secret_key: str | bytes = field(repr=False)
    token_url: str = "/api/auth/login"
    secret_key_fallbacks: Sequence[str | bytes] = field(default=(), repr=False)
    signing_key: str | bytes | None = field(default=None, repr=False)
    signing_key_fallbacks: Sequence[str | bytes] = field(default=(), repr=False)
    algorithm: HmacAlgorithm = "HS256"
    issuer: str = "fastauth-kit"
    audience: str = "fastauth-kit"
    client_id: str = "fastauth-kit"
    max_body_bytes: int = 64 * 1024
    trusted_proxies: Sequence[str] | int = ()

    def __post_init__(self) -> None:
        if self.algorithm not in get_args(HmacAlgorithm):
            known = ", ".join(get_args(HmacAlgorithm))
            raise ConfigurationError(f"algorithm must be one of {known}, not {self.algorithm!r}")
        secrets = _checked_keys(
            "secret_key", self.secret_key, self.secret_key_fallbacks, MINIMUM_SECRET_BYTES
        )
        if self.signing_key or self.signing_key_fallbacks:
            least = MINIMUM_SIGNING_BYTES[self.algorithm]
            signing_keys = _checked_keys(
                "signing_key", self.signing_key or b"", self.signing_key_fallbacks, least
            )
            if secrets & signing_keys:
                raise ConfigurationError(
                    "signing_key must differ from secret_key: who verifies access tokens "
                    "could forge everything else"
                )
        for name in ("issuer", "audience", "client_id", "token_url"):
            if not getattr(self, name):
                raise ConfigurationError(f"AuthSettings({name}=...) must not be empty")
        if self.max_body_bytes < 1024:
            raise ConfigurationError("max_body_bytes must be at least 1024")
        self.proxies  # noqa: B018  # reading them now lets a bad one fail at start

    @cached_property
    def proxies(self) -> TrustedProxies:
        """Whom to believe about the client's address."""
        return parse_trusted_proxies(self.trusted_proxies)


def key_bytes(key: str | bytes) -> bytes:
    """Return the bytes of a configured key."""
    return key.encode() if isinstance(key, str) else key


def _checked_keys(
    name: str, first: object, others: Sequence[object] | str | bytes, least: int
) -> set[bytes]:
    if isinstance(others, str | bytes):
        raise ConfigurationError(f"{name}_fallbacks must be a list of keys, not one key")
    keys = [_checked_key(name, key, least) for key in (first, *others)]
    if len(set(keys)) != len(keys):
        raise ConfigurationError(f"{name} and {name}_fallbacks name the same key twice")
    return set(keys)


def _checked_key(name: str, given: object, least: int) -> bytes:
    advice = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if not isinstance(given, str | bytes):
        kind = type(given).__name__
        raise ConfigurationError(f"{name} must be text or bytes, not {kind}; {advice}")
    try:
        key = key_bytes(given)
    except UnicodeEncodeError:
        raise ConfigurationError(f"{name} is not valid text; {advice}") from None
    if len(key) < least:
        raise ConfigurationError(f"{name} has {len(key)} bytes and needs {least}; {advice}")
    letters = bytes(b for b in key.lower() if chr(b).isalnum())
    if any(word.encode() in letters for word in _PLACEHOLDERS):
        raise ConfigurationError(f"{name} is a placeholder; {advice}")
    if len(set(key)) < MINIMUM_DISTINCT_BYTES:
        raise ConfigurationError(f"{name} is not random; {advice}")
    return key
