"""What tests do with tokens."""

import base64
import json
from typing import Any

import httpx2
import jwt

from tests.features.accounts.answers import assert_tokens
from tests.kit_app import KitApp, bearer

ME = "/api/users/me"
REFRESH = "/api/auth/refresh"


async def refresh(client: httpx2.AsyncClient, tokens: Any) -> httpx2.Response:
    """Present a refresh token."""
    return await client.post(REFRESH, json={"refresh_token": tokens["refresh_token"]})


async def rotate(client: httpx2.AsyncClient, tokens: Any) -> dict[str, Any]:
    """Exchange a refresh token and return the new tokens."""
    return assert_tokens(await refresh(client, tokens))


async def opens(client: httpx2.AsyncClient, tokens: Any) -> bool:
    """Whether an access token opens a door."""
    answer = await client.get("/api/users/me", headers=bearer(tokens))
    assert answer.status_code in {200, 401}, answer.text
    return answer.status_code == 200


def claims_of(tokens: Any) -> dict[str, Any]:
    """Return what an access token says, believed or not."""
    token: str = tokens["access_token"]
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def forge(kit_app: KitApp, claims: Any, **headers: Any) -> str:
    """Return claims signed with the key in force: what a thief of the key can make."""
    key = kit_app.auth.keys.signing_key
    head = {"typ": "at+jwt", "kid": key.id, "alg": key.algorithm, **headers}
    parts = [json.dumps({k: v for k, v in head.items() if v is not None}), json.dumps(claims)]
    encoded = ".".join(base64.urlsafe_b64encode(p.encode()).rstrip(b"=").decode() for p in parts)
    algorithm = jwt.get_algorithm_by_name(key.algorithm)
    mac = algorithm.sign(encoded.encode(), key.jwk.key)
    return f"{encoded}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


async def present(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    """Present an access token."""
    return await client.get(ME, headers={"Authorization": f"Bearer {token}"})
