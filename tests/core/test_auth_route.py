"""What every route of the kit reads strictly, and how it refuses."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.requests import HTTPConnection
from pydantic import BaseModel

from fastauth_kit.core.devices import MAX_USER_AGENT
from fastauth_kit.core.errors import (
    AmbiguousCredentials,
    AuthError,
    InvalidToken,
)
from fastauth_kit.core.forms import read_form_or_json
from fastauth_kit.core.hooks import Device
from fastauth_kit.core.http import (
    AuthRoute,
    bearer_token,
    device_of,
)
from fastauth_kit.core.settings import AuthSettings
from tests.kit_app import SECRET

LIMIT = 64 * 1024
SETTINGS = AuthSettings(secret_key=SECRET)
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Body(BaseModel):
    email: str
    password: str


def build() -> FastAPI:
    router = APIRouter(route_class=AuthRoute)

    @router.post("/json")
    async def take_json(body: Body) -> Body:
        return body

    @router.post("/either")
    async def take_either(request: Request) -> Body:
        return await read_form_or_json(
            request, Body, grant_type="password", renamed={"username": "email"}
        )

    @router.post("/raw")
    async def take_bytes(request: Request) -> list[int]:
        return [len(await request.body()), len(await request.body())]

    @router.post("/twice")
    async def read_twice(request: Request) -> bool:
        return await request.json() is await request.json()

    @router.post("/form-twice")
    async def read_form_twice(request: Request) -> bool:
        return await request.form() is await request.form()

    @router.post("/stubborn")
    async def ask_again(request: Request) -> list[str]:
        try:
            await request.form()
        except AuthError:
            return list(await request.form())
        return []

    @router.get("/query")
    async def take_query(q: str = "") -> str:
        return q

    app = FastAPI()
    app.include_router(router)
    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an app that needs no database."""
    transport = httpx2.ASGITransport(build())
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        yield client


def assert_problem(answer: httpx2.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def in_chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 1024


# -- size ------------------------------------------------------------------------------


async def test_a_body_declared_too_large_is_refused_unread(client: httpx2.AsyncClient) -> None:
    async def never_read() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {**JSON, "Content-Length": str(LIMIT + 1)}
    answer = await client.post("/json", headers=headers, content=never_read())

    assert_problem(answer, 413, "body_too_large")


async def test_a_length_of_five_thousand_digits_is_refused(client: httpx2.AsyncClient) -> None:
    headers = {**JSON, "Content-Length": "9" * 5000}
    answer = await client.post("/json", headers=headers, content=in_chunks(1))

    assert_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("path", ["/json", "/either", "/raw"])
async def test_a_body_of_unknown_length_is_refused_once_too_large(
    client: httpx2.AsyncClient, path: str
) -> None:
    answer = await client.post(path, headers=JSON, content=in_chunks(65))

    assert_problem(answer, 413, "body_too_large")


async def test_a_body_whose_declared_length_is_a_lie_is_refused_once_too_large(
    client: httpx2.AsyncClient,
) -> None:
    headers = {**JSON, "Content-Length": "10"}
    answer = await client.post("/raw", headers=headers, content=in_chunks(65))

    assert_problem(answer, 413, "body_too_large")


async def test_a_body_of_exactly_the_limit_is_read(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/raw", content=in_chunks(64))

    assert answer.json() == [LIMIT, LIMIT]


@pytest.mark.parametrize(
    ("path", "content", "headers"),
    [("/twice", b"{}", JSON), ("/form-twice", b"a=1", FORM)],
)
async def test_a_body_is_parsed_once(
    client: httpx2.AsyncClient, path: str, content: bytes, headers: dict[str, str]
) -> None:
    answer = await client.post(path, content=content, headers=headers)

    assert answer.json() is True


async def test_a_client_that_leaves_before_its_body_is_whole_raises_nothing() -> None:
    """Servers would log a traceback for each of them."""
    sent: list[Any] = []

    async def leave() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/raw",
        "query_string": b"",
        "headers": [(b"content-length", b"5")],
    }
    await build()(scope, leave, send)

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


# -- head ------------------------------------------------------------------------------


async def test_two_authorization_headers_are_refused(client: httpx2.AsyncClient) -> None:
    headers = [("Authorization", "Bearer a"), ("Authorization", "Bearer b")]
    answer = await client.get("/query", headers=headers)

    assert_problem(answer, 400, "ambiguous_credentials")


@pytest.mark.parametrize(("query", "place"), [("q=a%00b", "q"), ("%00=a", "...")])
async def test_nul_in_a_query_is_refused(
    client: httpx2.AsyncClient, query: str, place: str
) -> None:
    answer = await client.get(f"/query?{query}")

    assert_problem(answer, 422, "validation_error")
    assert answer.json()["detail"][0]["loc"] == ["query", place]


async def test_a_plain_query_passes(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/query?q=josé")).json() == "josé"


# -- bearer tokens and devices ---------------------------------------------------------


def connection(*headers: tuple[str, str], client: Any = ("203.0.113.7", 1)) -> HTTPConnection:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return HTTPConnection({"type": "http", "headers": raw, "client": client})


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   abc  ", "abc"),
        ("Basic abc", None),
        ("", None),
        ("abc", None),
    ],
)
def test_the_token_of_a_header_is_found(value: str, token: str | None) -> None:
    assert bearer_token(connection(("authorization", value))) == token


def test_without_a_header_there_is_no_token() -> None:
    assert bearer_token(connection()) is None


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b"])
def test_a_bearer_header_without_one_token_is_refused(value: str) -> None:
    with pytest.raises(InvalidToken):
        bearer_token(connection(("authorization", value)))


def test_two_headers_are_ambiguous() -> None:
    with pytest.raises(AmbiguousCredentials):
        bearer_token(connection(("authorization", "Bearer a"), ("authorization", "Basic b")))


@pytest.mark.parametrize(
    ("client", "ip"),
    [
        (("203.0.113.7", 1), "203.0.113.7"),
        (("::ffff:203.0.113.7", 1), "203.0.113.7"),
        (("2001:DB8::1", 1), "2001:db8::1"),
        (("fe80::1%eth0", 1), "fe80::1"),
        (("testclient", 1), None),
        (None, None),
    ],
)
def test_the_address_of_a_device_is_the_peers(client: Any, ip: str | None) -> None:
    assert device_of(connection(client=client), SETTINGS) == Device(ip=ip)


def test_a_forwarded_address_is_not_believed() -> None:
    forged = connection(("x-forwarded-for", "198.51.100.1"))

    assert device_of(forged, SETTINGS).ip == "203.0.113.7"


def test_a_user_agent_is_shown_without_control_characters() -> None:
    found = device_of(connection(("user-agent", "a\x1b[31m\x00b\x85")), SETTINGS)

    assert found.user_agent == "a[31mb"


def test_a_long_user_agent_is_cut() -> None:
    found = device_of(connection(("user-agent", "x" * 1000)), SETTINGS)

    assert found.user_agent == "x" * MAX_USER_AGENT
