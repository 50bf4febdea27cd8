"""What OpenAPI says of cookies: where they are, and what is answered instead of tokens."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from fastauth_kit import Routes, get_users_router
from tests.kit_app import KitApp
from tests.mailing import every_feature

BEARER: dict[str, list[str]] = {"OAuth2PasswordBearer": []}
COOKIE: dict[str, list[str]] = {"AccessCookie": []}


@pytest.fixture
def document(make_app: Callable[..., KitApp]) -> dict[str, Any]:
    """OpenAPI of every feature."""
    openapi: dict[str, Any] = make_app(more_features=every_feature()).app.openapi()
    return openapi


def operations(document: dict[str, Any]) -> dict[str, Any]:
    return {
        operation["operationId"]: (method, operation)
        for methods in document["paths"].values()
        for method, operation in methods.items()
    }


def test_every_way_to_tokens_may_answer_without_them(document: dict[str, Any]) -> None:
    for name in ("login", "refresh", "log_in_by_magic_link"):
        _, operation = operations(document)[name]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert [found["$ref"].rpartition("/")[2] for found in schema["anyOf"]] == [
            "SessionTokens",
            "CookieSession",
        ]
        assert "csrf_failed" in operation["responses"]["403"]["description"]
    assert operations(document)["refresh"][1]["requestBody"]["required"] is False


def test_a_route_for_who_is_signed_in_takes_either(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["AccessCookie"] == {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-access",
    }
    for name, (method, operation) in operations(document).items():
        security = operation.get("security")
        if security is None:
            continue
        assert BEARER in security, name
        assert COOKIE in security, name
        said = operation["responses"].get("403", {}).get("description", "")
        assert ("csrf_failed" in said) is (method != "get")


def test_no_scheme_is_named_that_nobody_defines(make_app: Callable[..., KitApp]) -> None:
    """Only routes that change something define it: the others are asked for most."""
    auth = make_app(more_features=every_feature()).auth
    app = FastAPI()
    app.include_router(get_users_router(auth, routes=Routes(only=["read_me"])), prefix="/users")

    document = app.openapi()

    assert document["paths"]["/users/me"]["get"]["security"] == [BEARER]
    assert set(document["components"]["securitySchemes"]) == {"OAuth2PasswordBearer"}
