"""The keys in force, by id: one that signs, all that still verify.

Nobody who learns one derived key learns another: each purpose has its own
(HKDF, RFC 5869, section 3.2), so that a gateway that verifies access tokens
can forge neither refresh tokens nor cursors.
"""

from abc import ABC, abstractmethod
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt import PyJWK

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.feature import Hook
from fastauth_kit.core.settings import AuthSettings, key_bytes


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of the access tokens, in the form that PyJWT prepares once."""

    id: str
    algorithm: str
    jwk: PyJWK = field(repr=False)
    """What signs or verifies; of a key pair, the half that does it."""


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The keys of the access tokens: the one that signs, and all that verify, by id."""

    signing: SigningKey
    verification: Mapping[str, SigningKey]


class SigningKeySource(Hook, ABC):
    """Says which keys access tokens are signed and verified with. One part at most does."""

    @abstractmethod
    def token_keys(self, symmetric: TokenKeys) -> TokenKeys:
        """Return the keys in force. Asked once, at start.

        Args:
            symmetric: Those of ``AuthSettings``, which are in force otherwise.
        """


@dataclass(frozen=True, slots=True)
class PurposeKey:
    """A key for one use, and the id by which its work finds it again."""

    id: str
    value: bytes = field(repr=False)


class KeyRing:
    """Every key in force, for one deployment."""

    def __init__(self, settings: AuthSettings, source: SigningKeySource | None = None) -> None:
        secrets = [settings.secret_key, *settings.secret_key_fallbacks]
        self._secrets = _by_id([key_bytes(key) for key in secrets])
        self._current = next(iter(self._secrets))
        symmetric = self._symmetric_keys(settings)
        in_force = symmetric if source is None else source.token_keys(symmetric)
        self.signing_key: SigningKey = in_force.signing
        self.verification_keys: Mapping[str, SigningKey] = in_force.verification
        self._derive = lru_cache(maxsize=256)(self._derived)

    def current(self, purpose: str) -> PurposeKey:
        """Return the key with which new work for ``purpose`` is signed."""
        return PurposeKey(self._current, self._derive(self._current, purpose))

    def find(self, purpose: str, key_id: str) -> PurposeKey | None:
        """Return the key with this id, or ``None`` if it is no longer in force."""
        if key_id not in self._secrets:
            return None
        return PurposeKey(key_id, self._derive(key_id, purpose))

    def _derived(self, key_id: str, purpose: str) -> bytes:
        return _derive(self._secrets[key_id], purpose)

    def _symmetric_keys(self, settings: AuthSettings) -> TokenKeys:
        if settings.signing_key:
            given = [settings.signing_key, *settings.signing_key_fallbacks]
            keys = [key_bytes(key) for key in given]
        else:
            keys = [_derive(secret, "access-token", 64) for secret in self._secrets.values()]
        found = {
            key_id: SigningKey(key_id, settings.algorithm, _prepare(key, settings.algorithm))
            for key_id, key in _by_id(keys).items()
        }
        return TokenKeys(next(iter(found.values())), found)


def _by_id(keys: Sequence[bytes]) -> dict[str, bytes]:
    found = {_derive(key, "key-id", 6).hex(): key for key in keys}
    if len(found) != len(keys):  # one chance in 2^48 for each pair
        raise ConfigurationError("two keys share an id; replace one of them")
    return found


def _derive(secret: bytes, purpose: str, length: int = 32) -> bytes:
    info = b"fastauth-kit/v1/" + purpose.encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret)


def _prepare(key: bytes, algorithm: str) -> PyJWK:
    encoded = urlsafe_b64encode(key).rstrip(b"=").decode()
    return PyJWK({"kty": "oct", "k": encoded, "alg": algorithm})
