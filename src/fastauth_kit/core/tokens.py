"""The answer to a login or a refresh (RFC 6749, section 5.1)."""

from typing import Any

from fastapi import Response
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.hooks import IssuedSession
from fastauth_kit.core.login import PendingLogin
from fastauth_kit.core.transport import transport_of

NO_STORE = {"Cache-Control": "no-store"}
"""RFC 6749, section 5.1, for every answer that carries a token."""


class SessionTokens(BaseModel):
    """The tokens of a session."""

    access_token: str = Field(description="For the Authorization header, as `Bearer`.")
    refresh_token: str = Field(description="For `POST /refresh`; works once.")
    token_type: str = Field(default="bearer", description="RFC 6750.")
    expires_in: int = Field(description="Seconds until the access token expires.")


class SecondFactorDue(BaseModel):
    """The first factor is proven; no session exists yet."""

    challenge: str = Field(description="To be sent with the second factor.")
    factors: list[str] = Field(description="Any one of these will do.")
    expires_in: int = Field(description="Seconds to do so.")


PENDING: dict[int | str, dict[str, Any]] = {
    202: {"model": SecondFactorDue, "description": "A second factor is due; no session exists yet"}
}
"""What a route that signs in may also answer, for OpenAPI."""


def answer_login(
    auth: Assembly[Any],
    outcome: IssuedSession | PendingLogin,
    connection: HTTPConnection,
    response: Response,
) -> SessionTokens | Response:
    """Return the answer for the outcome of a first factor: 200 with tokens, or 202."""
    if isinstance(outcome, IssuedSession):
        return answer_tokens(auth, outcome, connection, response)
    due = SecondFactorDue(
        challenge=outcome.challenge, factors=list(outcome.factors), expires_in=outcome.expires_in
    )
    return JSONResponse(due.model_dump(), status_code=202, headers=NO_STORE)


def answer_tokens(
    auth: Assembly[Any],
    issued: IssuedSession,
    connection: HTTPConnection,
    response: Response,
    *,
    carried: bool = False,
) -> SessionTokens | Response:
    """Return the answer that delivers the tokens of a session, in the way asked for.

    Args:
        carried: Whether the refresh token came by the ``SessionTransport``. What
            did goes back the same way: a script that can send such a request
            must not get to read the tokens.
    """
    transport = transport_of(auth)
    if transport is not None and (carried or transport.is_asked_for(connection)):
        return transport.deliver(auth, issued)
    response.headers.update(NO_STORE)
    return SessionTokens(
        access_token=issued.access_token,
        refresh_token=issued.refresh_token,
        expires_in=issued.expires_in,
    )
