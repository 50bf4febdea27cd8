"""The tokens that a request brings, in whichever way."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.requests import HTTPConnection

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import AmbiguousCredentials, InvalidToken
from fastauth_kit.core.forms import read_form_or_json
from fastauth_kit.core.hooks import AccessClaims
from fastauth_kit.core.http import bearer_token
from fastauth_kit.core.transport import SessionTransport, transport_of
from fastauth_kit.features.sessions.access_token import read_access_token
from fastauth_kit.features.sessions.errors import InvalidRefreshToken
from fastauth_kit.features.sessions.refresh_token import parse_refresh_token
from fastauth_kit.features.sessions.schemas import RefreshBody


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A refresh token, not believed yet."""

    text: str = field(repr=False)
    carried: bool = False
    """Whether it came by the ``SessionTransport``."""


def recognise_session(
    auth: Assembly[Any], connection: HTTPConnection, longest_lifetime: timedelta
) -> AccessClaims | None:
    """Verify the access token of a connection, if there is one.

    Raises:
        AmbiguousCredentials: There are two, and they do not name one session.
        InvalidToken: It does not work.
        AuthError: The ``SessionTransport`` refuses.
    """
    transport = transport_of(auth)
    if transport is not None and (token := transport.access_token(connection)) is not None:
        claims = _recognise_carried(auth, connection, token, longest_lifetime)
        transport.check_access(auth, connection, claims.session_id)
        return claims
    return _recognise_bearer(auth, connection, longest_lifetime)


def _recognise_bearer(
    auth: Assembly[Any], connection: HTTPConnection, longest: timedelta
) -> AccessClaims | None:
    token = bearer_token(connection)
    if token is None:
        return None
    return read_access_token(auth, token, now=auth.clock(), longest_lifetime=longest)


def _recognise_carried(
    auth: Assembly[Any], connection: HTTPConnection, token: str, longest: timedelta
) -> AccessClaims:
    """Verify a token that came by the transport, and what came beside it."""
    try:
        beside = _recognise_bearer(auth, connection, longest)
    except InvalidToken:
        raise AmbiguousCredentials from None
    try:
        claims = read_access_token(auth, token, now=auth.clock(), longest_lifetime=longest)
    except InvalidToken:
        raise (InvalidToken if beside is None else AmbiguousCredentials) from None
    if beside is not None and _whose(beside) != _whose(claims):
        raise AmbiguousCredentials
    return claims


def _whose(claims: AccessClaims) -> tuple[Any, ...]:
    return claims.user_id, claims.session_id


async def read_refresh_token(auth: Assembly[Any], request: Request) -> PresentedToken:
    """Return the refresh token of a request: from its body, or by the ``SessionTransport``.

    Raises:
        AmbiguousCredentials: There is one, and a body too.
        InvalidRefreshToken: What came by the transport is no such token.
        AuthError: The transport refuses, or the body is malformed.
    """
    transport = transport_of(auth)
    if transport is not None and (text := transport.refresh_token(request)) is not None:
        if await request.body():
            raise AmbiguousCredentials
        return _checked(auth, transport, request, text)
    body = await read_form_or_json(request, RefreshBody, grant_type="refresh_token")
    return PresentedToken(body.refresh_token.get_secret_value())


def _checked(
    auth: Assembly[Any], transport: SessionTransport, request: Request, text: str
) -> PresentedToken:
    token = parse_refresh_token(text)
    if token is None:
        raise InvalidRefreshToken
    transport.check_refresh(auth, request, token.session_id)
    return PresentedToken(text, carried=True)
