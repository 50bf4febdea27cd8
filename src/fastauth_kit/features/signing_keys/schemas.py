"""What the route of the signing keys answers."""

from pydantic import BaseModel, Field


class Jwk(BaseModel):
    """A public key (RFC 7517, section 4)."""

    kty: str = Field(description="`OKP`, `EC` or `RSA`.")
    use: str = Field(description="`sig`.")
    alg: str = Field(description="The one algorithm it verifies: `EdDSA`, `ES256` or `RS256`.")
    kid: str = Field(description="Thumbprint of the key (RFC 7638).")
    crv: str | None = Field(default=None, description="Of `OKP` and `EC`.")
    x: str | None = Field(default=None, description="Of `OKP` and `EC`.")
    y: str | None = Field(default=None, description="Of `EC`.")
    n: str | None = Field(default=None, description="Of `RSA`.")
    e: str | None = Field(default=None, description="Of `RSA`.")


class JwkSet(BaseModel):
    """The public keys that verify access tokens (RFC 7517, section 5)."""

    keys: list[Jwk] = Field(description="Empty where tokens are signed symmetrically.")
