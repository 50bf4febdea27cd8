"""What a client reads when a request is refused before any route runs: all of it."""

from typing import Any

import httpx2
import pytest

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

JSON = {"Content-Type": "application/json"}
UNACCEPTABLE = "Send text, without NUL or unpaired surrogates."


def fault(kind: str, place: list[str], sentence: str) -> list[dict[str, Any]]:
    return [{"type": kind, "loc": place, "msg": sentence}]


@ONE_DATABASE
@pytest.mark.parametrize(
    ("request_parts", "faults"),
    [
        (
            {"json": {"email": "a\0", "password": "x"}},
            fault("text_invalid", ["body", "email"], UNACCEPTABLE),
        ),
        (
            {"data": {"username": "a\0", "password": "x"}},
            fault("text_invalid", ["body", "username"], UNACCEPTABLE),
        ),
        (
            {"json": {"email": "a", "password": "x"}, "params": {"q": "\0"}},
            fault("text_invalid", ["query", "q"], UNACCEPTABLE),
        ),
        (
            {
                "content": b"--b\r\nno header\r\n",
                "headers": {"Content-Type": "multipart/form-data; boundary=b"},
            },
            fault("text_invalid", ["body"], UNACCEPTABLE),
        ),
        (
            {"content": b"", "headers": {"Content-Type": "multipart/form-data; charset=idna"}},
            fault("charset", ["header", "content-type"], "Send UTF-8."),
        ),
        (
            {"content": b"x", "headers": {"Content-Type": "text/plain"}},
            fault("content_type", ["header", "content-type"], "Send JSON or a form."),
        ),
        (
            {"content": b"x"},
            fault("content_type", ["header", "content-type"], "Send JSON or a form."),
        ),
        (
            {"content": b'{"a":1,"a":2}', "headers": JSON},
            fault("json_invalid", ["body"], "The body names a field twice."),
        ),
        (
            {"content": b'{"a":NaN}', "headers": JSON},
            fault("json_invalid", ["body"], "NaN and Infinity are not JSON."),
        ),
        (
            {"content": b'{"a":1e999}', "headers": JSON},
            fault("json_invalid", ["body"], "A number is too large."),
        ),
        (
            {"content": b"\xff", "headers": JSON},
            fault("json_invalid", ["body"], "The body is not UTF-8."),
        ),
        (
            {"content": b"{", "headers": JSON},
            fault("json_invalid", ["body"], "The body is not valid JSON."),
        ),
        (
            {"content": b"[" * 33 + b"]" * 33, "headers": JSON},
            fault("json_invalid", ["body"], "The body is nested too deeply."),
        ),
        (
            {"content": b"[" * 30_000 + b"]" * 30_000, "headers": JSON},
            fault("json_invalid", ["body"], "The body is nested too deeply."),
        ),
    ],
)
async def test_a_request_that_cannot_be_read_is_refused_in_these_words(
    client: httpx2.AsyncClient, request_parts: dict[str, Any], faults: list[dict[str, Any]]
) -> None:
    answer = await client.post("/api/auth/login", **request_parts)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": faults,
        "code": "validation_error",
    }
