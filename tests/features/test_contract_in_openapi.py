"""What clients are generated from: routes, bodies, answers and refusals in OpenAPI."""

import json
import re
from typing import Any

import pytest
from fastapi import FastAPI

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    Sessions,
    get_auth_router,
)
from fastauth_kit.core.feature import Feature
from tests.kit_app import SECRET, IntSession, IntUser
from tests.mailing import every_feature

TOKENS = "SessionTokens"
ALWAYS = {
    "ambiguous_credentials": 400,
    "validation_error": 422,
    "database_unavailable": 503,
}
SIGNED_IN = {**ALWAYS, "not_authenticated": 401, "invalid_token": 401}
WITH_BODY = {"body_too_large": 413}

CONTRACT: dict[tuple[str, str], tuple[str, dict[str, Any], dict[str, int]]] = {
    ("post", "/login"): (
        "login",
        {"200": TOKENS, "202": "SecondFactorDue"},
        {
            **ALWAYS,
            **WITH_BODY,
            "invalid_credentials": 401,
            "inactive_user": 400,
            "unsupported_grant_type": 400,
            "busy": 503,
        },
    ),
    ("post", "/password/confirm"): (
        "confirm_password",
        {"204": None},
        {
            **SIGNED_IN,
            **WITH_BODY,
            "invalid_password": 400,
            "recent_login_required": 401,
            "busy": 503,
        },
    ),
    ("post", "/password/change"): (
        "change_password",
        {"204": None},
        {
            **SIGNED_IN,
            **WITH_BODY,
            "invalid_password": 400,
            "recent_login_required": 401,
            "busy": 503,
        },
    ),
    ("post", "/refresh"): (
        "refresh",
        {"200": TOKENS},
        {**ALWAYS, **WITH_BODY, "invalid_refresh_token": 401, "unsupported_grant_type": 400},
    ),
    ("post", "/logout"): (
        "logout",
        {"204": None},
        {**SIGNED_IN, **WITH_BODY, "invalid_refresh_token": 401},
    ),
    ("get", "/sessions"): ("list_sessions", {"200": ["SessionRead"]}, SIGNED_IN),
    ("delete", "/sessions"): ("revoke_other_sessions", {"204": None}, SIGNED_IN),
    ("delete", "/sessions/{session_id}"): (
        "revoke_session",
        {"204": None},
        {**SIGNED_IN, "session_not_found": 404},
    ),
}

IN_OPEN_ROUTES = {"login", "refresh"}
"""These take no access token; logout takes one or none."""


def openapi_of(*features: Feature) -> dict[str, Any]:
    auth: AuthKit[Any] = AuthKit(
        user_model=IntUser,
        get_session=lambda: None,
        settings=AuthSettings(secret_key=SECRET, token_url="/login"),
        features=(Passwords(), Sessions(model=IntSession), *features),
    )
    app = FastAPI()
    app.include_router(get_auth_router(auth))
    return app.openapi()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """OpenAPI of the routes of passwords and sessions, and nothing else."""
    return openapi_of()


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def schema_of(answer: dict[str, Any]) -> Any:
    if "content" not in answer:
        return None
    schema = answer["content"]["application/json"]["schema"]
    if "items" in schema:
        return [schema["items"]["$ref"].rpartition("/")[2]]
    return schema["$ref"].rpartition("/")[2]


def test_every_route_answers_what_it_documents(document: dict[str, Any]) -> None:
    found = {
        place: (
            operation["operationId"],
            {
                status: schema_of(answer)
                for status, answer in operation["responses"].items()
                if status < "400"
            },
        )
        for place, operation in operations(document).items()
    }

    assert found == {place: (name, answers) for place, (name, answers, _) in CONTRACT.items()}


def test_every_route_refuses_with_the_codes_it_documents(document: dict[str, Any]) -> None:
    found = {
        place: {
            code: int(status)
            for status, answer in operation["responses"].items()
            if status >= "400"
            for code in re.findall(r"`(\w+)`", answer["description"])
        }
        for place, operation in operations(document).items()
    }

    assert found == {place: refusals for place, (_, _, refusals) in CONTRACT.items()}


def test_routes_that_need_an_access_token_say_so(document: dict[str, Any]) -> None:
    needs = [{"OAuth2PasswordBearer": []}]
    for operation in operations(document).values():
        name, security = operation["operationId"], operation.get("security")
        if name in IN_OPEN_ROUTES:
            assert security is None
        else:
            assert security == (needs if name != "logout" else [*needs, {}])


def test_no_route_names_a_way_to_prove_oneself_twice() -> None:
    """Clients that are generated from it, and documentation, would show it twice."""
    security = {
        operation["operationId"]: [json.dumps(way) for way in operation.get("security", ())]
        for operation in operations(openapi_of(Accounts(), *every_feature())).values()
    }

    twice = {name: ways for name, ways in security.items() if len(set(ways)) < len(ways)}
    assert twice == {}
    optional = {name for name, ways in security.items() if "{}" in ways}
    assert optional == {"logout", "request_email_verification", "confirm_email_change"}


def test_the_scheme_is_oauth2_with_the_url_of_login(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"] == {
        "OAuth2PasswordBearer": {
            "type": "oauth2",
            "flows": {"password": {"scopes": {}, "tokenUrl": "/login"}},
        }
    }


@pytest.mark.parametrize(
    ("path", "title", "in_json", "in_a_form"),
    [
        (
            "/login",
            "LoginBody",
            ["email", "password"],
            ["grant_type", "username", "password"],
        ),
        (
            "/refresh",
            "RefreshBody",
            ["refresh_token"],
            ["grant_type", "refresh_token"],
        ),
    ],
)
def test_a_body_is_documented_in_both_encodings(
    document: dict[str, Any], path: str, title: str, in_json: list[str], in_a_form: list[str]
) -> None:
    """RFC 6749: a form's grant_type may be left out here, an address is a username."""
    grant_type = "password" if path == "/login" else "refresh_token"
    body = document["paths"][path]["post"]["requestBody"]
    json_schema = body["content"]["application/json"]["schema"]
    form = body["content"]["application/x-www-form-urlencoded"]["schema"]

    assert body["required"] is True
    assert set(body["content"]) == {"application/json", "application/x-www-form-urlencoded"}
    assert json_schema["title"] == title
    assert list(json_schema["properties"]) == json_schema["required"] == in_json
    assert (form["type"], form["title"]) == ("object", f"{title}Form")
    assert list(form["properties"]) == in_a_form
    assert form["required"] == in_a_form[1:]
    assert form["properties"]["grant_type"] == {"type": "string", "const": grant_type}
    assert [form["properties"][name] for name in in_a_form[1:]] == [
        json_schema["properties"][name] for name in in_json
    ]


def test_a_refusal_is_documented_with_what_it_looks_like(document: dict[str, Any]) -> None:
    refused = document["paths"]["/login"]["post"]["responses"]["401"]
    media = refused["content"]["application/problem+json"]

    assert refused["description"] == "Unauthorized: `invalid_credentials`"
    assert refused["headers"] == {
        "WWW-Authenticate": {"description": "RFC 6750", "schema": {"type": "string"}}
    }
    assert media["schema"]["title"] == "ProblemDetails"
    assert list(media["schema"]["properties"]) == ["type", "title", "status", "detail", "code"]
    assert media["examples"] == {
        "invalid_credentials": {
            "summary": "invalid_credentials",
            "value": {
                "type": "about:blank",
                "title": "Unauthorized",
                "status": 401,
                "detail": "E-mail address or password is wrong.",
                "code": "invalid_credentials",
            },
        }
    }


def test_a_refusal_for_a_while_says_when_to_come_back(document: dict[str, Any]) -> None:
    refused = document["paths"]["/login"]["post"]["responses"]["503"]

    assert refused["headers"] == {
        "Retry-After": {
            "description": "In seconds.",
            "schema": {"type": "integer", "minimum": 0},
        }
    }
    assert set(refused["content"]["application/problem+json"]["examples"]) == {
        "busy",
        "database_unavailable",
    }


def test_schemas_of_refusals_are_written_in_place(document: dict[str, Any]) -> None:
    """FastAPI would register a referenced one for another media type."""
    refusals = [
        answer["content"]["application/problem+json"]["schema"]
        for operation in operations(document).values()
        for status, answer in operation["responses"].items()
        if status >= "400"
    ]

    text = json.dumps(refusals)
    assert "$ref" not in text
    assert "$defs" not in text
