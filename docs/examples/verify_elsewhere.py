"""Another service, which knows three things of the app: an address and two names."""

from typing import Any

# --8<-- [start:verify]
from joserfc import jwt
from joserfc.jwk import KeySet, KeySetSerialization

RULES = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": "fastauth-kit"},
    aud={"essential": True, "value": "fastauth-kit"},
    exp={"essential": True},
)


def verify(token: str, jwks: KeySetSerialization) -> dict[str, Any]:
    """Return the claims. ``jwks`` is what GET /api/auth/.well-known/jwks.json answered."""
    decoded = jwt.decode(token, KeySet.import_key_set(jwks), algorithms=["EdDSA"])
    if decoded.header.get("typ") != "at+jwt":
        raise ValueError("not an access token")
    RULES.validate(decoded.claims)
    return decoded.claims


# --8<-- [end:verify]
