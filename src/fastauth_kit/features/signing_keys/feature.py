"""Signing keys: which key pairs sign and verify access tokens."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.keys import SigningKeySource, TokenKeys
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.features.signing_keys.key import SYMMETRIC, TokenKey, read_key
from fastauth_kit.features.signing_keys.key_set import KeyState, read_key_set
from fastauth_kit.features.signing_keys.router import add_jwks_route

LONGEST_MAX_AGE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class SigningKeys(Feature, SigningKeySource):
    """Key pairs for the access tokens, so that others verify them and can make none.

    A key is the text of a PEM or a JWK: Ed25519 (EdDSA), P-256 (ES256), or RSA
    of 2048 bits or more (RS256). Its ``kid`` is its thumbprint (RFC 7638).

    Args:
        current: The private key that signs. ``SYMMETRIC``: the keys of
            ``AuthSettings`` sign, and none of them is published.
        upcoming: Keys that will sign: accepted and published already. May be
            private or public, or ``SYMMETRIC``.
        retired: Public keys whose last tokens have not expired yet, or
            ``SYMMETRIC``.
        jwks_max_age: How long others may keep a copy of the JWK set.

    Raises:
        ConfigurationError: A text is no key, a key is weak, of the wrong half,
            or there twice; or ``jwks_max_age`` is not from 0 to a day.
    """

    name: ClassVar[str] = "signing_keys"

    current: str | bytes = field(default=SYMMETRIC, repr=False)
    upcoming: Sequence[str | bytes] = field(default=(), repr=False)
    retired: Sequence[str | bytes] = field(default=(), repr=False)
    jwks_max_age: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.jwks_max_age <= LONGEST_MAX_AGE:
            raise ConfigurationError("jwks_max_age must be between 0 and a day")
        for name in ("upcoming", "retired"):
            if isinstance(getattr(self, name), str | bytes):
                raise ConfigurationError(
                    f"SigningKeys({name}=...) must be a list of keys, not one key"
                )
        self._check_halves()
        ids = [SYMMETRIC if key is None else key.id for key in self._keys]
        for key_id in ids:
            if ids.count(key_id) > 1:
                raise ConfigurationError(f"SigningKeys(...) names the key {key_id} more than once")

    def _check_halves(self) -> None:
        current = self._keys[0]
        if current is not None and current.signer is None:
            raise ConfigurationError("SigningKeys(current=...) must be private: it is to sign")
        for key in self._keys[1 + len(self.upcoming) :]:
            if key is not None and key.signer is not None:
                raise ConfigurationError(
                    "SigningKeys(retired=...) takes public keys: it signs nothing any more. Give "
                    f"public_half(...) of the key {key.id}, and destroy its private half"
                )

    @classmethod
    def from_key_set(
        cls, key_set: str, *, jwks_max_age: timedelta = timedelta(minutes=5)
    ) -> "SigningKeys":
        """Build it from a text that ``new_key_set`` began.

        Raises:
            ConfigurationError: The text is no key set.
        """
        texts: dict[KeyState, list[str]] = {state: [] for state in KeyState}
        for key in read_key_set(key_set):
            texts[key.state].append(key.text)
        (current,) = texts[KeyState.CURRENT]
        upcoming, retired = texts[KeyState.UPCOMING], texts[KeyState.RETIRED]
        return cls(current=current, upcoming=upcoming, retired=retired, jwks_max_age=jwks_max_age)

    def check(self, auth: Assembly[Any]) -> None:
        """Check that no key is given in vain."""
        if auth.settings.signing_key and None not in self._keys:
            raise ConfigurationError(
                "AuthSettings(signing_key=...) neither signs nor verifies beside "
                "SigningKeys(current=...): remove it, or name SYMMETRIC in retired"
            )

    def add_auth_routes(self, table: RouteTable) -> None:
        """Add the JWK set."""
        add_jwks_route(self, table)

    def token_keys(self, symmetric: TokenKeys) -> TokenKeys:
        """Return the keys in force."""
        pairs = [key for key in self._keys if key is not None]
        verification = {key.id: key.verifier for key in pairs}
        if None in self._keys:
            verification.update(symmetric.verification)
        current = self._keys[0]
        signer = None if current is None else current.signer
        return TokenKeys(signer or symmetric.signing, verification)

    @cached_property
    def public_jwks(self) -> bytes:
        """The JWK set as it is answered: public keys alone (RFC 7517, section 5)."""
        keys = [dict(key.public_jwk) for key in self._keys if key is not None]
        return json.dumps({"keys": keys}).encode()

    @cached_property
    def _keys(self) -> tuple[TokenKey | None, ...]:
        """Every key, the current one first, then the upcoming; ``None`` for ``SYMMETRIC``."""
        given = [("current", self.current)]
        given += [("upcoming", text) for text in self.upcoming]
        given += [("retired", text) for text in self.retired]
        return tuple(
            None if text == SYMMETRIC else read_key(text, where=f"SigningKeys({name}=...)")
            for name, text in given
        )
