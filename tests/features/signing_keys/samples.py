"""Keys of the tests, made once, and what is done with them."""

import json
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from fastauth_kit.features.signing_keys import Algorithm, SigningKeys, generate_key
from tests.kit_app import KitApp

ALGORITHMS: tuple[Algorithm, ...] = ("EdDSA", "ES256", "RS256")


@cache
def sample(algorithm: Algorithm = "EdDSA", name: str = "one") -> str:
    """Return a private key; the same for the same name."""
    return generate_key(algorithm, rsa_bits=2048)


@cache
def raw(kind: str) -> Any:
    """Return a private key as cryptography makes it, good or not."""
    makers: dict[str, Any] = {
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
        "Ed448": ed448.Ed448PrivateKey.generate,
        "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
        "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
        "RSA 1024": lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505  # to be refused
        "RSA e=3": lambda: rsa.generate_private_key(3, 2048),
    }
    return makers[kind]()


def pem(key: Any, *, traditional: bool = False, password: bytes | None = None) -> str:
    """Return a private key as PEM."""
    form = PrivateFormat.TraditionalOpenSSL if traditional else PrivateFormat.PKCS8
    secret = BestAvailableEncryption(password) if password else NoEncryption()
    text: bytes = key.private_bytes(Encoding.PEM, form, secret)
    return text.decode()


def public_pem(key: Any) -> str:
    """Return the public half of a key as PEM."""
    form = PublicFormat.SubjectPublicKeyInfo
    text: bytes = key.public_key().public_bytes(Encoding.PEM, form)
    return text.decode()


def jwk(text: str, **changes: Any) -> str:
    """Return a JWK with other members; ``None`` removes one."""
    members = {**json.loads(text), **changes}
    return json.dumps({name: value for name, value in members.items() if value is not None})


def kid(text: str) -> str:
    """Return the id of a key that the kit made."""
    found: str = json.loads(text)["kid"]
    return found


def header(tokens: Any) -> dict[str, Any]:
    """Return the header of an access token."""
    return jwt.get_unverified_header(tokens["access_token"])


def keys_of(kit_app: KitApp) -> SigningKeys:
    """Return the feature of an installation."""
    return kit_app.auth.feature(SigningKeys)
