"""How a refusal looks, on the wire and in OpenAPI."""

import json
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from fastauth_kit import AuthError
from fastauth_kit.core.errors import (
    Busy,
    DataConflict,
    InvalidInput,
    InvalidToken,
    NotAuthenticated,
)
from fastauth_kit.core.problems import (
    ErrorShape,
    ProblemDetails,
    ValidationProblem,
    invalid_input,
    phrase,
)


class TooManyAttempts(AuthError):
    code = "too_many_attempts"
    status = 429


def sent(error: AuthError, shape: ErrorShape | None = None) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes((shape or ErrorShape()).respond(error).body))
    return body


def test_a_refusal_is_problem_details() -> None:
    """RFC 9457, section 3.1; ``about:blank`` has the status phrase as title (4.2.1)."""
    answer = ErrorShape().respond(DataConflict())

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(bytes(answer.body)) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "These values conflict with data that exists already.",
        "code": "conflict",
    }


def test_a_refusal_fits_its_own_schema() -> None:
    assert ProblemDetails.model_validate(sent(DataConflict())).code == "conflict"


def test_a_list_of_fields_fits_its_own_schema() -> None:
    error = InvalidInput.at("body", "tags", 0, type="text_invalid", msg="Send text.")

    problem = ValidationProblem.model_validate(sent(error))

    assert problem.code == "validation_error"
    assert problem.detail[0].loc == ["body", "tags", 0]


def test_headers_of_an_error_are_sent() -> None:
    assert ErrorShape().respond(NotAuthenticated()).headers["www-authenticate"] == "Bearer"
    assert ErrorShape().respond(Busy()).headers["retry-after"] == "1"


def test_a_validation_error_loses_what_was_sent() -> None:
    error = RequestValidationError(
        [
            {
                "type": "string_too_short",
                "loc": ("body", "password"),
                "msg": "Too short.",
                "input": "hunter2",
                "ctx": {"given": "hunter2"},
            }
        ]
    )

    refusal = invalid_input(error)

    assert "hunter2" not in bytes(ErrorShape().respond(refusal).body).decode()
    assert refusal.shown_detail == [
        {"type": "string_too_short", "loc": ["body", "password"], "msg": "Too short."}
    ]


def test_halves_of_characters_in_a_validation_error_can_be_sent() -> None:
    """A caller's own route takes such names of fields, and pydantic repeats them."""
    error = RequestValidationError(
        [{"type": "extra_forbidden", "loc": ("body", "\ud800é", 3), "msg": "No \udfff."}]
    )

    assert sent(invalid_input(error))["detail"] == [
        {"type": "extra_forbidden", "loc": ["body", "...", 3], "msg": "No ?."}
    ]


def wrong_in(places: list[tuple[str | int, ...]]) -> RequestValidationError:
    return RequestValidationError(
        [{"type": "int_parsing", "loc": place, "msg": "No number."} for place in places]
    )


def test_only_the_first_of_many_places_are_listed() -> None:
    refusal = invalid_input(wrong_in([("body", number) for number in range(1000)]))

    assert [item["loc"] for item in refusal.fields] == [["body", number] for number in range(20)]


@pytest.mark.parametrize(
    ("name", "shown"), [("é" * 64, "é" * 64), ("x" * 65, "..."), ("a\n", "..."), ("\u202e", "...")]
)
def test_a_name_that_a_client_made_up_is_repeated_only_if_short_and_printable(
    name: str, shown: str
) -> None:
    refusal = invalid_input(wrong_in([("body", name)]))

    assert refusal.fields[0]["loc"] == ["body", shown]


def test_the_way_to_a_field_is_no_longer_than_bodies_are_deep() -> None:
    refusal = invalid_input(wrong_in([("body",) * 1000]))

    assert refusal.fields[0]["loc"] == ["body"] * 32


@pytest.mark.parametrize(
    ("status", "expected"), [(404, "Not Found"), (418, "I'm a Teapot"), (499, "Status 499")]
)
def test_every_status_has_a_phrase(status: int, expected: str) -> None:
    assert phrase(status) == expected


def test_openapi_has_one_answer_for_each_status() -> None:
    documented = ErrorShape().documented(InvalidToken, DataConflict, NotAuthenticated)

    assert list(documented) == [401, 409]
    assert documented[401]["description"] == "Unauthorized: `invalid_token`, `not_authenticated`"


def test_openapi_has_an_example_of_each_code() -> None:
    documented = ErrorShape().documented(InvalidToken, NotAuthenticated)

    examples = documented[401]["content"]["application/problem+json"]["examples"]

    assert {code: example["value"] for code, example in examples.items()} == {
        "invalid_token": sent(InvalidToken()),
        "not_authenticated": sent(NotAuthenticated()),
    }


def test_openapi_of_a_422_has_the_schema_of_the_list_and_no_reference() -> None:
    content = ErrorShape().documented(InvalidInput)[422]["content"]["application/problem+json"]

    field = content["schema"]["properties"]["detail"]["items"]

    assert set(field["properties"]) == {"type", "loc", "msg"}
    assert "$ref" not in json.dumps(content)
    assert "examples" not in content


@pytest.mark.parametrize(
    ("error", "header"),
    [
        (NotAuthenticated, "WWW-Authenticate"),
        (Busy, "Retry-After"),
        (TooManyAttempts, "Retry-After"),
    ],
)
def test_openapi_names_the_headers(error: type[AuthError], header: str) -> None:
    assert list(ErrorShape().documented(error)[error.status]["headers"]) == [header]


def test_openapi_names_no_header_where_there_is_none() -> None:
    assert "headers" not in ErrorShape().documented(DataConflict)[409]


def test_a_shape_of_the_callers_is_sent_and_documented() -> None:
    class OurError(BaseModel):
        error: str

    class OurShape(ErrorShape):
        def body(self, *, status: int, code: str, detail: str | list[Any]) -> Any:
            return {"error": code}

    shape = OurShape(media_type="application/json", model=OurError, validation_model=OurError)

    documented = shape.documented(DataConflict)[409]["content"]["application/json"]

    assert sent(DataConflict(), shape) == {"error": "conflict"}
    assert list(documented["schema"]["properties"]) == ["error"]
    assert documented["examples"]["conflict"]["value"] == {"error": "conflict"}
