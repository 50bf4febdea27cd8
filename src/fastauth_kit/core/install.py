"""The kit's way of refusing, on the caller's own routes."""

import re

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from fastauth_kit.core.errors import AuthError
from fastauth_kit.core.http import as_refusal
from fastauth_kit.core.problems import ErrorShape, invalid_input, phrase

_WITHOUT_BODY = (204, 304)


def install_errors(app: FastAPI, *, shape: ErrorShape | None = None) -> None:
    """Give every refusal of an app the shape of the kit's.

    Covers ``AuthError``, FastAPI's validation errors (without repeating what
    was sent), ``HTTPException``, whose ``code`` becomes the status phrase, and
    SQLAlchemy's errors where the database is away or refuses a value. Those
    that are mistakes of a program stay what they are.

    Args:
        shape: As ``AuthKit(error_response=...)``, if that was given.
    """
    form = shape or ErrorShape()

    async def refuse(_: Request, error: Exception) -> Response:
        if isinstance(error, AuthError):
            return form.respond(error)
        if isinstance(error, RequestValidationError):
            return form.respond(invalid_input(error))
        if isinstance(error, SQLAlchemyError):
            refusal = as_refusal(error)
            if not isinstance(refusal, AuthError):
                raise error
            return form.respond(refusal)
        assert isinstance(error, HTTPException)  # noqa: S101  # what it is registered for
        if error.status_code in _WITHOUT_BODY:
            return Response(status_code=error.status_code, headers=error.headers)
        title = phrase(error.status_code)
        return form.response(
            error.status_code, _code_of(title), error.detail or title, error.headers
        )

    for kind in (HTTPException, RequestValidationError, SQLAlchemyError):
        app.add_exception_handler(kind, refuse)


def _code_of(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower().replace("'", ""))
