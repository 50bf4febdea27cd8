"""New key pairs."""

import json
from typing import Any, get_args

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.signing_keys.key import (
    MINIMUM_RSA_BITS,
    MINIMUM_RSA_EXPONENT,
    Algorithm,
    read_key,
)

RSA_BITS = 3072
"""128 bits of security (SP 800-57 part 1, table 2)."""


def generate_key(algorithm: Algorithm = "EdDSA", *, rsa_bits: int = RSA_BITS) -> str:
    """Return a new private key as a JWK on one line, fit for a file or an environment variable.

    Its randomness is that of OpenSSL, which makes the key.

    Raises:
        ConfigurationError: The algorithm is unknown, or ``rsa_bits`` below 2048.
    """
    if algorithm not in get_args(Algorithm):
        known = ", ".join(get_args(Algorithm))
        raise ConfigurationError(f"algorithm must be one of {known}, not {algorithm!r}")
    if rsa_bits < MINIMUM_RSA_BITS:
        raise ConfigurationError(f"rsa_bits must be at least {MINIMUM_RSA_BITS}")
    made = _generate(algorithm, rsa_bits)
    written = jwt.get_algorithm_by_name(algorithm).to_jwk(made, as_dict=True)
    return json.dumps(dict(read_key(json.dumps(written), where="the key").private_jwk or {}))


def _generate(algorithm: Algorithm, rsa_bits: int) -> Any:
    if algorithm == "EdDSA":
        return Ed25519PrivateKey.generate()
    if algorithm == "ES256":
        return generate_private_key(SECP256R1())
    return generate_rsa_key(public_exponent=MINIMUM_RSA_EXPONENT, key_size=rsa_bits)
