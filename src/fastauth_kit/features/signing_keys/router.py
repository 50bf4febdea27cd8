"""Route of the signing keys: the JWK set."""

from hashlib import sha256
from typing import TYPE_CHECKING

from fastapi import Request, Response

from fastauth_kit.core.routes import RouteTable
from fastauth_kit.features.signing_keys.schemas import JwkSet

if TYPE_CHECKING:
    from fastauth_kit.features.signing_keys.feature import SigningKeys


def add_jwks_route(signing_keys: "SigningKeys", table: RouteTable) -> None:
    """Add the route; what it answers is made here, once."""
    body = signing_keys.public_jwks
    headers = {
        "Cache-Control": f"public, max-age={int(signing_keys.jwks_max_age.total_seconds())}",
        "ETag": f'"{sha256(body).hexdigest()[:32]}"',
    }

    async def read_jwks(request: Request) -> Response:
        """Read the public keys that verify access tokens; for other services."""
        if _is_known(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    table.add(
        "read_jwks",
        "GET",
        "/.well-known/jwks.json",
        read_jwks,
        response_model=JwkSet,
        responses={304: {"description": "Not Modified"}},
    )


def _is_known(request: Request, etag: str) -> bool:
    """Whether the client has this version (RFC 9110, section 13.1.2)."""
    sent = ",".join(request.headers.getlist("if-none-match"))
    known = {tag.strip().removeprefix("W/") for tag in sent.split(",")}
    return etag in known or "*" in known
