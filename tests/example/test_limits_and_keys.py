"""Limits that hold for all workers, whose address counts, and keys for other services."""

import json
import secrets
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from fastauth_kit.features.signing_keys import generate_key
from tests.example.inside import Example
from tests.example.processes import ADMIN, serving

JWKS = "/api/auth/.well-known/jwks.json"
TWO_WORKERS = ("--workers", "2")


def new_secret() -> str:
    """Keys in Redis depend on it: what another run has counted does not."""
    return secrets.token_urlsafe(48)


def guess(url: str, email: str, **headers: str) -> httpx2.Response:
    body = {"email": email, "password": "not the password"}
    return httpx2.post(f"{url}/api/auth/login", json=body, headers=headers)


def test_a_guesser_is_stopped_whichever_worker_answers(tmp_path: Path, redis_url: str) -> None:
    settings = {"REDIS_URL": redis_url, "SECRET_KEY": new_secret()}
    with serving(tmp_path, options=TWO_WORKERS, **settings) as server:
        answers = [guess(server.url, "ada@example.com") for _ in range(12)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 7
    assert answers[-1].json()["code"] == "too_many_attempts"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61


@pytest.mark.parametrize("trusted", [True, False])
def test_attempts_are_counted_by_the_address_that_a_trusted_proxy_names(
    tmp_path: Path, trusted: bool
) -> None:
    """Without uvicorn's own reading of the header: any server will do."""
    settings = {"TRUSTED_PROXIES": '["127.0.0.1/32"]'} if trusted else {}
    with serving(tmp_path, options=("--no-proxy-headers",), **settings) as server:
        statuses = [
            guess(server.url, ADMIN["email"], **{"X-Forwarded-For": address}).status_code
            for address in ["203.0.113.7"] * 6 + ["203.0.113.8"]
        ]

    assert statuses == [401] * 5 + [429, 401 if trusted else 429]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_nothing_is_published_of_a_key_that_also_signs(inside_app: Example) -> None:
    ada = await inside_app.person()

    keys = await inside_app.client.get(JWKS)

    assert keys.json() == {"keys": []}
    assert jwt.get_unverified_header(ada.tokens["access_token"])["alg"] == "HS256"


def test_other_services_verify_with_the_published_key_alone(tmp_path: Path) -> None:
    settings = {"ALGORITHM": "EdDSA", "SIGNING_KEY": generate_key("EdDSA")}
    with serving(tmp_path, **settings) as server:
        answer = httpx2.get(f"{server.url}{JWKS}")
        token = httpx2.post(f"{server.url}/api/auth/login", json=ADMIN).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        me = httpx2.get(f"{server.url}/api/users/me", headers=headers)

    (public,) = jwt.PyJWKSet.from_json(answer.text).keys
    claims: dict[str, Any] = jwt.decode(
        token, public, algorithms=["EdDSA"], audience="fastauth-kit", issuer="fastauth-kit"
    )
    assert claims["sub"] == str(me.json()["id"])
    assert json.loads(settings["SIGNING_KEY"])["d"] not in answer.text
