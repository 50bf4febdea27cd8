"""How a refusal looks on the wire (RFC 9457), and in OpenAPI."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, cast

from fastapi import Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from fastauth_kit.core.errors import AuthError, FieldError, InvalidInput
from fastauth_kit.core.text import MAX_DEPTH, repeatable

Json = dict[str, Any]

MAX_LISTED = 20
"""Entries of a 422: a small body can be wrong in tens of thousands of places."""


class ProblemDetails(BaseModel):
    """A refusal, in the shape of RFC 9457."""

    type: str = Field(default="about:blank", description="RFC 9457, section 3.1.1.")
    title: str = Field(description="The phrase of the status code.")
    status: int = Field(description="The status code.")
    detail: str = Field(description="What happened and what to do, for a person.")
    code: str = Field(description="What happened, for a program; stable.")


class InvalidField(BaseModel):
    """One thing that is wrong with the input. What was sent is never repeated."""

    type: str = Field(description="What is wrong, for a program.")
    loc: list[str | int] = Field(description="Where in the request.")
    msg: str = Field(description="What is wrong, for a person.")


class ValidationProblem(BaseModel):
    """The input is not valid; ``detail`` says where and why."""

    type: str = "about:blank"
    title: str
    status: int
    detail: list[InvalidField]
    code: str = "validation_error"


@dataclass(frozen=True, kw_only=True)
class ErrorShape:
    """How refusals are written. Replace it to keep the shape your clients know.

    Args:
        media_type: Content type of every refusal.
        model: Schema of a refusal, for OpenAPI.
        validation_model: Schema of a 422, for OpenAPI.
    """

    media_type: str = "application/problem+json"
    model: type[BaseModel] = ProblemDetails
    validation_model: type[BaseModel] = ValidationProblem

    def body(self, *, status: int, code: str, detail: str | list[FieldError]) -> Any:
        """Return what is sent as JSON. Override together with the models."""
        return {
            "type": "about:blank",
            "title": phrase(status),
            "status": status,
            "detail": detail,
            "code": code,
        }

    def respond(self, error: AuthError) -> Response:
        """Return the answer for an error."""
        return self.response(error.status, error.code, error.shown_detail, error.headers)

    def response(
        self,
        status: int,
        code: str,
        detail: str | list[FieldError],
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Return the answer for a status, a code and a sentence."""
        content = self.body(status=status, code=code, detail=detail)
        return JSONResponse(content, status, dict(headers or {}), media_type=self.media_type)

    def documented(self, *errors: type[AuthError]) -> dict[int | str, dict[str, Any]]:
        """Return the OpenAPI ``responses`` of a route that can give these errors."""
        found: dict[int | str, dict[str, Any]] = {}
        for status in sorted({error.status for error in errors}):
            same = [error for error in errors if error.status == status]
            found[status] = self._documented_status(status, same)
        return found

    def _documented_status(self, status: int, errors: list[type[AuthError]]) -> dict[str, Any]:
        codes = ", ".join(f"`{code}`" for code in sorted({error.code for error in errors}))
        invalid = status == InvalidInput.status
        schema = _inline_schema(self.validation_model if invalid else self.model)
        examples = {} if invalid else {"examples": self._examples(errors)}
        return {
            "description": f"{phrase(status)}: {codes}",
            "content": {self.media_type: {"schema": schema, **examples}},
            **_documented_headers(status),
        }

    def _examples(self, errors: list[type[AuthError]]) -> dict[str, Any]:
        return {
            error.code: {
                "summary": error.code,
                "value": self.body(status=error.status, code=error.code, detail=error.detail),
            }
            for error in errors
        }


def invalid_input(error: RequestValidationError) -> InvalidInput:
    """Return a validation error of FastAPI's, bounded, and without what was sent."""
    return InvalidInput(
        *(
            FieldError(
                type=item["type"],
                loc=[repeatable(part) for part in item["loc"][:MAX_DEPTH]],
                # a caller's own validator may say anything, even half a character
                msg=item["msg"].encode(errors="replace").decode(),
            )
            for item in error.errors()[:MAX_LISTED]
        )
    )


_RFC_9110 = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""Phrases that Python 3.13 renamed: an answer must not depend on the interpreter."""


def phrase(status: int) -> str:
    """Return the phrase of a status code; a caller may have made up their own code."""
    if status in _RFC_9110:
        return _RFC_9110[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


@cache
def _inline_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return a schema without references.

    FastAPI would register a referenced model, but only as ``application/json``.
    """
    schema = model.model_json_schema(mode="serialization")
    definitions = schema.pop("$defs", {})

    def resolve(part: Any) -> Any:
        match part:
            case {"$ref": str(reference)}:
                return resolve(definitions[reference.rpartition("/")[2]])
            case dict():
                return {key: resolve(value) for key, value in cast(Json, part).items()}
            case list():
                return [resolve(item) for item in cast(list[Any], part)]
            case _:
                return part

    resolved: Json = resolve(schema)
    return resolved


def _documented_headers(status: int) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    seconds = {"schema": {"type": "integer", "minimum": 0}}
    if status == HTTPStatus.UNAUTHORIZED:
        return {"headers": {"WWW-Authenticate": {"description": "RFC 6750", **text}}}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return {"headers": {"Retry-After": {"description": "In seconds.", **seconds}}}
    return {}
