"""Which request is being answered: for whoever writes down where something came from."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from fastapi.requests import HTTPConnection

answering: ContextVar[HTTPConnection | None] = ContextVar("fastauth_kit_answering", default=None)
"""Set by ``AuthRoute``; ``None`` in scripts and jobs."""

MEMO = "fastauth_kit.authenticated"
"""Where a connection keeps whom it was found to be from, by who found it."""


@contextmanager
def during(connection: HTTPConnection | None) -> Generator[None]:
    """Say which request the work within is for.

    The kit's routes do so. In a route of the caller's, whatever events are told
    within get the address and the user of this request.
    """
    outer = answering.set(connection)
    try:
        yield
    finally:
        answering.reset(outer)


def disown() -> None:
    """Say that what follows is not the doing of whoever is signed in.

    For links that anybody may present, with a session of another account beside it.
    """
    scope: dict[str, Any] = getattr(answering.get(), "scope", {})
    scope.pop(MEMO, None)


def signed_in_user_id(connection: HTTPConnection) -> Any:
    """Return the id of whom a request was found to be from so far, or ``None``."""
    found = connection.scope.get(MEMO, {})
    return next((who.session.user_id for _, who in found.values()), None)
