"""Errors of our own, in the same shape as the kit's."""

from fastapi import FastAPI, Request, Response
from sqlalchemy.orm.exc import StaleDataError

from fastauth_kit import ErrorShape, install_errors

SHAPE = ErrorShape()
"""``application/problem+json``: type, title, status, detail and code."""


class AppException(Exception):  # the name it has in many tutorials
    """Ends a request with a refusal.

    Args:
        status_code: Of the answer.
        detail: A sentence for people.
        code: A stable name for programs.
    """

    def __init__(self, status_code: int, detail: str, *, code: str = "bad_request") -> None:
        super().__init__(detail)
        self.status_code = status_code
        self.detail = detail
        self.code = code


def install_error_handlers(app: FastAPI) -> None:
    """Answer problem details everywhere: ours, the kit's, FastAPI's, the database's."""
    install_errors(app, shape=SHAPE)
    app.add_exception_handler(AppException, _refuse)
    app.add_exception_handler(StaleDataError, _refuse_what_is_gone)


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, AppException)  # noqa: S101  # what it is registered for
    return SHAPE.response(error.status_code, error.code, error.detail)


async def _refuse_what_is_gone(_: Request, error: Exception) -> Response:
    """Answer who changed a row that somebody else deleted meanwhile."""
    return SHAPE.response(409, "conflict", "It was deleted meanwhile.")
