"""The kit's way of refusing, on the caller's own routes."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from fastauth_kit.core.errors import AuthError
from fastauth_kit.core.problems import ErrorShape, invalid_input


def install_errors(app: FastAPI, *, shape: ErrorShape | None = None) -> None:
    """Give every refusal of an app the shape of the kit's.

    Covers ``AuthError``, FastAPI's validation errors (without repeating what
    was sent) and ``HTTPException``, whose ``code`` becomes the status phrase.

    Args:
        shape: As ``AuthKit(error_response=...)``, if that was given.
    """
    form = shape or ErrorShape()

    async def refuse(_: Request, error: Exception) -> Response:
        if isinstance(error, AuthError):
            return form.respond(error)
        if isinstance(error, RequestValidationError):
            return form.respond(invalid_input(error))
        assert isinstance(error, HTTPException)  # noqa: S101  # what it is registered for
        phrase = HTTPStatus(error.status_code).phrase
        code = phrase.lower().replace(" ", "_").replace("-", "_")
        return form.response(error.status_code, code, error.detail or phrase, error.headers)

    for kind in (HTTPException, RequestValidationError):
        app.add_exception_handler(kind, refuse)
