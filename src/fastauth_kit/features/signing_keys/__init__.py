"""Signing keys: key pairs for the access tokens, published as a JWK set, and their rotation."""

from fastauth_kit.features.signing_keys.factory import get_signing_keys_router
from fastauth_kit.features.signing_keys.feature import SigningKeys
from fastauth_kit.features.signing_keys.generation import generate_key
from fastauth_kit.features.signing_keys.key import SYMMETRIC, Algorithm, public_half
from fastauth_kit.features.signing_keys.key_set import KeyState, StoredKey
from fastauth_kit.features.signing_keys.rotation import (
    RotationRefused,
    announce_key,
    drop_retired_keys,
    list_keys,
    new_key_set,
    promote_key,
)
from fastauth_kit.features.signing_keys.schemas import Jwk, JwkSet

__all__ = [
    "SYMMETRIC",
    "Algorithm",
    "Jwk",
    "JwkSet",
    "KeyState",
    "RotationRefused",
    "SigningKeys",
    "StoredKey",
    "announce_key",
    "drop_retired_keys",
    "generate_key",
    "get_signing_keys_router",
    "list_keys",
    "new_key_set",
    "promote_key",
    "public_half",
]
