"""``install_errors``: the kit's way of refusing, on a caller's own routes."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import httpx2
import pytest
from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from pymysql.err import DataError as DriverDataError
from pymysql.err import OperationalError as DriverError
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fastauth_kit import ErrorShape, install_errors
from fastauth_kit.core.errors import (
    Busy,
    InvalidInput,
    InvalidToken,
    NotAuthenticated,
    NotEnoughPermissions,
)

REFUSALS = {
    "anonymous": NotAuthenticated(),
    "expired": InvalidToken(),
    "forbidden": NotEnoughPermissions(),
    "field": InvalidInput.at("body", "tag", type="tag_unknown", msg="There is no such tag."),
    "busy": Busy(),
    "sold-out": HTTPException(409, "Sold out.", {"X-Stock": "0"}),
    "teapot": HTTPException(418),
    "unprocessed": HTTPException(404, {"missing": ["a", 1]}),
    "made-up": HTTPException(499, "Gone before we were ready."),
    "nothing-new": HTTPException(304, headers={"ETag": "abc"}),
    "nothing": HTTPException(204),
}

FAILURES: dict[str, tuple[SQLAlchemyError, int, str]] = {
    "away": (OperationalError("s", {}, DriverError(2003, "gone")), 503, "database_unavailable"),
    "pool": (PoolTimeout("full"), 503, "database_unavailable"),
    "deadlock": (OperationalError("s", {}, DriverError(1213, "x")), 503, "database_unavailable"),
    "rule": (IntegrityError("s3cret", {}, ValueError("s3cret")), 409, "conflict"),
    "data": (DataError("s3cret", {}, DriverDataError(1406, "s3cret")), 422, "validation_error"),
}


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Literal["a"]
    number: float = 0


def refuse(which: str) -> None:
    raise REFUSALS[which]


def build(*, install: bool = True, shape: ErrorShape | None = None) -> httpx2.AsyncClient:
    app = FastAPI()

    @app.get("/refuse/{which}", dependencies=[Depends(refuse)])
    async def never() -> None: ...

    @app.post("/notes")
    async def add(note: Note, page: int = 1) -> Annotated[None, "nothing"]: ...

    @app.get("/fail/{how}")
    async def fail(how: str) -> None:
        raise FAILURES[how][0]

    @app.get("/mistake")
    async def mistake() -> None:
        raise ProgrammingError("selct", {}, DriverError(1064, "syntax"))

    if install:
        install_errors(app, shape=shape)
    transport = httpx2.ASGITransport(app)
    return httpx2.AsyncClient(transport=transport, base_url="https://app.test")


@pytest.fixture
async def shop() -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an app with the kit's shape on every route."""
    async with build() as client:
        yield client


@pytest.mark.parametrize(
    ("which", "status", "code", "detail"),
    [
        ("anonymous", 401, "not_authenticated", "Sign in to continue."),
        ("forbidden", 403, "not_enough_permissions", "Your account may not do this."),
        ("sold-out", 409, "conflict", "Sold out."),
        ("teapot", 418, "im_a_teapot", "I'm a Teapot"),
        ("unprocessed", 404, "not_found", {"missing": ["a", 1]}),
        ("made-up", 499, "status_499", "Gone before we were ready."),
        (
            "field",
            422,
            "validation_error",
            [{"type": "tag_unknown", "loc": ["body", "tag"], "msg": "There is no such tag."}],
        ),
    ],
)
async def test_a_refusal_has_the_kits_shape(
    shop: httpx2.AsyncClient, which: str, status: int, code: str, detail: Any
) -> None:
    answer = await shop.get(f"/refuse/{which}")

    body = answer.json()
    assert answer.status_code == status == body["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert (body["type"], body["code"], body["detail"]) == ("about:blank", code, detail)


@pytest.mark.parametrize(
    ("which", "header", "value"),
    [
        ("anonymous", "www-authenticate", "Bearer"),
        ("expired", "www-authenticate", 'Bearer error="invalid_token"'),
        ("busy", "retry-after", "1"),
        ("sold-out", "x-stock", "0"),
    ],
)
async def test_headers_of_a_refusal_are_kept(
    shop: httpx2.AsyncClient, which: str, header: str, value: str
) -> None:
    assert (await shop.get(f"/refuse/{which}")).headers[header] == value


@pytest.mark.parametrize(("which", "status"), [("nothing-new", 304), ("nothing", 204)])
async def test_an_answer_without_a_body_gets_none(
    shop: httpx2.AsyncClient, which: str, status: int
) -> None:
    """RFC 9110, section 6.4.1: servers break off the connection over such a body."""
    answer = await shop.get(f"/refuse/{which}")

    assert (answer.status_code, answer.content) == (status, b"")


async def test_headers_of_an_answer_without_a_body_are_kept(shop: httpx2.AsyncClient) -> None:
    assert (await shop.get("/refuse/nothing-new")).headers["etag"] == "abc"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "not_found"), ("GET", "/notes", 405, "method_not_allowed")],
)
async def test_routing_refuses_in_the_same_shape(
    shop: httpx2.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await shop.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_invalid_input_is_listed_without_repeating_it(shop: httpx2.AsyncClient) -> None:
    answer = await shop.post("/notes", json={"text": "hunter2"}, params={"page": "s3cret"})

    assert answer.status_code == 422
    assert answer.json()["code"] == "validation_error"
    assert [field["loc"] for field in answer.json()["detail"]] == [
        ["query", "page"],
        ["body", "text"],
    ]
    assert "hunter2" not in answer.text
    assert "s3cret" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "\\ud800"}',
        b'{"text": "a", "\\ud800": 1}',
        b'{"text": NaN}',
        b'{"text": "a", "number": "NaN of all"}',
        b'{"text": 1e999}',
        b"{",
        b"\xff",
    ],
)
async def test_no_body_is_more_than_invalid(shop: httpx2.AsyncClient, body: bytes) -> None:
    answer = await shop.post("/notes", content=body, headers={"content-type": "application/json"})

    assert answer.status_code in {400, 422}
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("how", FAILURES)
async def test_a_failure_of_the_database_is_answered_as_on_the_kits_routes(
    shop: httpx2.AsyncClient, how: str
) -> None:
    _, status, code = FAILURES[how]

    answer = await shop.get(f"/fail/{how}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("retry-after", "") == ("2" if status == 503 else "")
    assert "s3cret" not in answer.text


async def test_a_mistake_of_the_program_stays_one(shop: httpx2.AsyncClient) -> None:
    with pytest.raises(ProgrammingError):
        await shop.get("/mistake")


async def test_without_it_fastapi_answers_as_ever() -> None:
    async with build(install=False) as client:
        answer = await client.get("/refuse/expired")

    assert answer.json() == {"detail": InvalidToken.detail}
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_the_callers_own_shape_is_used() -> None:
    class OurShape(ErrorShape):
        def body(self, *, status: int, code: str, detail: str | list[Any]) -> Any:
            return {"error": code}

    async with build(shape=OurShape(media_type="application/vnd.ours+json")) as client:
        answer = await client.get("/refuse/sold-out")

    assert answer.json() == {"error": "conflict"}
    assert answer.headers["content-type"] == "application/vnd.ours+json"
