"""Access tokens under the kit's own key, with whatever a test wants in them."""

import json
from typing import Any

import jwt

from tests.kit_app import KitApp

SESSION_ID = "00000000-0000-7000-8000-000000000000"

MISSING: Any = object()


def good_claims(kit_app: KitApp) -> dict[str, Any]:
    now = int(kit_app.clock.now.timestamp())
    settings = kit_app.auth.settings
    return {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": "1",
        "client_id": settings.client_id,
        "sid": SESSION_ID,
        "jti": "one",
        "iat": now,
        "exp": now + 60,
    }


def _without_missing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not MISSING}


def forge(
    kit_app: KitApp, *, header: dict[str, Any] | None = None, payload: Any = None, **claims: Any
) -> str:
    """Return a token that is good but for what is given."""
    key = kit_app.auth.keys.signing_key
    head = _without_missing({"typ": "at+jwt", "kid": key.id, **(header or {})})
    algorithm = head.pop("alg", key.algorithm)
    body = payload if payload is not None else _without_missing({**good_claims(kit_app), **claims})
    secret = None if algorithm == "none" else key.jwk.key
    if "kid" in head and not isinstance(head["kid"], str):
        return _with_any_header(head, body, secret)
    return jwt.api_jws.encode(json.dumps(body).encode(), secret, algorithm=algorithm, headers=head)


def _with_any_header(head: dict[str, Any], body: Any, secret: Any) -> str:
    """PyJWT would not write such a header."""
    text = json.dumps({"alg": "HS256", **head}).encode()
    signed = b".".join(
        jwt.utils.base64url_encode(part) for part in (text, json.dumps(body).encode())
    )
    mac = jwt.get_algorithm_by_name("HS256").sign(signed, secret)
    return b".".join((signed, jwt.utils.base64url_encode(mac))).decode()
