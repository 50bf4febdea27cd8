"""One key of the access tokens, read from the text that a deployment gives.

What is accepted: Ed25519, P-256 and RSA of 2048 bits or more (RFC 8725,
section 3.2), as PEM or as JWK, private or public. The key decides the
algorithm. No message repeats anything of a key.
"""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Literal

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.keys import SigningKey

Algorithm = Literal["EdDSA", "ES256", "RS256"]

SYMMETRIC: Final = "symmetric"
"""Stands for the keys of ``AuthSettings``: ``signing_key``, or what ``secret_key`` gives."""

MINIMUM_RSA_BITS = 2048
"""RFC 7518, section 3.3."""

MINIMUM_RSA_EXPONENT = 65537
"""Smaller ones are what attacks on RSA begin with (FIPS 186-5, appendix A.1.1)."""

_THUMBPRINT_MEMBERS = {
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "RSA": ("e", "kty", "n"),
}
"""What a key is, beside its private part (RFC 7638, section 3.2; RFC 8037, section 2)."""

_ALGORITHM_OF_TYPE: Mapping[object, Algorithm] = {"OKP": "EdDSA", "EC": "ES256", "RSA": "RS256"}

_NAMES_OF_ALGORITHM = {
    # RFC 9864 renames it where the curve is Ed25519
    "EdDSA": ("EdDSA", "Ed25519"),
    "ES256": ("ES256",),
    "RS256": ("RS256",),
}

_PEM_KEY = re.compile(r"-----BEGIN [A-Z ]*KEY-----")

_PRIVATE_TYPES = (Ed25519PrivateKey, EllipticCurvePrivateKey, RSAPrivateKey)

# what PyJWT and cryptography raise for keys that are none; their texts may show the key
_UNREADABLE = (
    jwt.PyJWTError,
    UnsupportedAlgorithm,
    AttributeError,
    KeyError,
    OverflowError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key pair, or its public half, in the forms that are needed; made once."""

    public_jwk: Mapping[str, str]
    """As it is published (RFC 7517, section 4)."""
    verifier: SigningKey
    signer: SigningKey | None
    private_jwk: Mapping[str, str] | None = field(repr=False)

    @property
    def id(self) -> str:
        """Thumbprint of the public half."""
        return self.verifier.id


def read_key(text: str | bytes, *, where: str) -> TokenKey:
    """Read a key.

    Args:
        where: Name of the option, for the message.

    Raises:
        ConfigurationError: It is none, or one that must not be used.
    """
    try:
        given = (text.decode() if isinstance(text, bytes) else text).strip()
        loaded = _load_jwk(given) if given.startswith("{") else _load_pem(given)
        return _prepared(loaded)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where} {error}") from None
    except _UNREADABLE:
        raise ConfigurationError(
            f"{where} is not a key: give the PEM or the JWK of one Ed25519, P-256 or RSA key, "
            "not encrypted"
        ) from None


def public_half(text: str | bytes) -> str:
    """Return the public half of a key as a JWK, to be kept when the private one is destroyed.

    Raises:
        ConfigurationError: The text is no key.
    """
    return json.dumps(dict(read_key(text, where="the key").public_jwk))


def _load_pem(text: str) -> Any:
    if len(_PEM_KEY.findall(text)) > 1:
        raise ConfigurationError("holds more than one key; give each as a text of its own")
    if "PRIVATE KEY-----" in text:
        return load_pem_private_key(text.encode(), password=None)
    return load_pem_public_key(text.encode())


def _load_jwk(text: str) -> Any:
    jwk: dict[str, Any] = json.loads(text)
    if "keys" in jwk:
        raise ConfigurationError("is a set of keys; give each as a text of its own")
    if jwk.get("kty") == "oct":
        raise ConfigurationError(
            "is a symmetric key: give it as AuthSettings(signing_key=...), and SYMMETRIC here"
        )
    algorithm = _ALGORITHM_OF_TYPE[jwk.get("kty")]
    loaded: Any = jwt.get_algorithm_by_name(algorithm).from_jwk(jwk)
    _check_members(jwk, _prepared(loaded))
    return loaded


def _check_members(jwk: Mapping[str, Any], key: TokenKey) -> None:
    """Refuse a JWK that says of itself what is not so."""
    algorithm = key.verifier.algorithm
    if jwk.get("alg", algorithm) not in _NAMES_OF_ALGORITHM[algorithm]:
        raise ConfigurationError(f"names another algorithm in alg than its own, {algorithm}")
    if jwk.get("use", "sig") != "sig":
        raise ConfigurationError("is not meant for signatures: its use is not 'sig'")
    if jwk.get("kid", key.id) != key.id:
        raise ConfigurationError(
            f"has a kid that is not its thumbprint (RFC 7638), {key.id}; leave kid out"
        )


def _prepared(loaded: Any) -> TokenKey:
    algorithm = _algorithm_of(loaded)
    is_private = isinstance(loaded, _PRIVATE_TYPES)
    written = jwt.get_algorithm_by_name(algorithm).to_jwk(loaded, as_dict=True)
    members = {name: written[name] for name in _THUMBPRINT_MEMBERS[written["kty"]]}
    key_id = _thumbprint(members)
    about = {"kid": key_id, "alg": algorithm, "use": "sig"}
    private = {**written, **about} if is_private else None
    if private is not None:
        private.pop("key_ops", None)
    return TokenKey(
        public_jwk={**members, **about},
        verifier=SigningKey(key_id, algorithm, jwt.PyJWK(members, algorithm)),
        signer=SigningKey(key_id, algorithm, jwt.PyJWK(private, algorithm)) if private else None,
        private_jwk=private,
    )


def _algorithm_of(key: Any) -> Algorithm:
    match key:
        case Ed25519PrivateKey() | Ed25519PublicKey():
            return "EdDSA"
        case EllipticCurvePrivateKey() | EllipticCurvePublicKey():
            if not isinstance(key.curve, SECP256R1):
                raise ConfigurationError(f"is on the curve {key.curve.name}; ES256 takes P-256")
            return "ES256"
        case RSAPrivateKey() | RSAPublicKey():
            _check_rsa(key)
            return "RS256"
        case _:
            raise ConfigurationError(
                f"is a {type(key).__name__}; give an Ed25519, P-256 or RSA key"
            )


def _check_rsa(key: RSAPrivateKey | RSAPublicKey) -> None:
    public = key.public_key() if isinstance(key, RSAPrivateKey) else key
    if key.key_size < MINIMUM_RSA_BITS:
        raise ConfigurationError(
            f"is an RSA key of {key.key_size} bits and needs {MINIMUM_RSA_BITS}; better use Ed25519"
        )
    if public.public_numbers().e < MINIMUM_RSA_EXPONENT:
        raise ConfigurationError(
            f"is an RSA key whose public exponent is less than {MINIMUM_RSA_EXPONENT}"
        )


def _thumbprint(members: Mapping[str, str]) -> str:
    """Return the SHA-256 thumbprint of a key (RFC 7638, section 3)."""
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return urlsafe_b64encode(sha256(canonical.encode()).digest()).rstrip(b"=").decode()
