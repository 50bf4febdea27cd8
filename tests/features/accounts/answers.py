"""What answers look like, said once."""

from typing import Any

import httpx2

USER = {
    "id",
    "email",
    "name",
    "is_active",
    "is_superuser",
    "is_verified",
    "created_at",
    "updated_at",
}
TOKENS = {"access_token", "refresh_token", "token_type", "expires_in"}

BEARER = "Bearer"
BEARER_INSUFFICIENT = 'Bearer error="insufficient_user_authentication"'
BEARER_RECENT = f'{BEARER_INSUFFICIENT}, max_age="300"'
BEARER_INVALID = 'Bearer error="invalid_token"'


def assert_refused(
    answer: httpx2.Response, status: int, code: str, *, challenge: str | None = None
) -> None:
    """Check that an answer is one particular refusal, whole (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("www-authenticate") == challenge
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "code"}
    assert body["code"] == code
    assert body["status"] == status
    assert isinstance(body["detail"], str)


def assert_no_credential(answer: httpx2.Response) -> None:
    """Check the refusal of a request without any credential."""
    assert_refused(answer, 401, "not_authenticated", challenge=BEARER)


def assert_bad_token(answer: httpx2.Response) -> None:
    """Check the refusal of an access token that does not work."""
    assert_refused(answer, 401, "invalid_token", challenge=BEARER_INVALID)


def assert_bad_refresh_token(answer: httpx2.Response) -> None:
    """Check the refusal of a refresh token that does not work."""
    assert_refused(answer, 401, "invalid_refresh_token", challenge=BEARER_INVALID)


def assert_invalid(answer: httpx2.Response, *places: tuple[str | int, ...]) -> None:
    """Check a 422: what it names as wrong, and that it repeats nothing."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "code"}
    assert body["code"] == "validation_error"
    assert all(set(field) == {"type", "loc", "msg"} for field in body["detail"])
    assert [tuple(field["loc"]) for field in body["detail"]] == list(places)


def assert_done(answer: httpx2.Response) -> None:
    """Check a 204, which has no body."""
    assert answer.status_code == 204, answer.text
    assert answer.content == b""


def assert_tokens(answer: httpx2.Response) -> dict[str, Any]:
    """Check an answer that carries tokens (RFC 6749, section 5.1); return them."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    tokens: dict[str, Any] = answer.json()
    assert set(tokens) == TOKENS
    assert tokens["token_type"] == "bearer"
    return tokens
