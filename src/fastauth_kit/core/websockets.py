"""Authenticated WebSockets that hold no pooled connection while they are open."""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Generic

from fastapi import WebSocket, WebSocketException
from fastapi.params import Depends
from fastapi.requests import HTTPConnection
from sqlalchemy.orm import Session
from starlette.datastructures import Headers

from fastauth_kit.core.assembly import UserT
from fastauth_kit.core.authentication import Authentication, Recognised
from fastauth_kit.core.database import Database
from fastauth_kit.core.errors import AuthError, DatabaseUnavailable, InvalidToken, NotAuthenticated

SUBPROTOCOL = "fastauth-kit.bearer"
"""Browsers cannot set headers on a WebSocket: they offer this and the token."""

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


@dataclass(frozen=True, slots=True)
class WebSocketUser(Generic[UserT]):
    """Who opened a socket.

    ``user`` is detached from the database: what was loaded stays readable,
    nothing more is loaded.
    """

    user: UserT
    subprotocol: str | None
    """To be passed to ``websocket.accept``: browsers insist on an answer."""
    _authentication: Authentication[UserT]
    _recognised: Recognised
    _database: Database

    async def still_valid(self) -> bool:
        """Whether the session behind the socket still holds; one statement.

        Call it every few seconds: nothing else ends a socket whose user has
        logged out. While the database is away the last answer stands.
        """
        try:
            await _identify(self._authentication, self._recognised, self._database)
        except DatabaseUnavailable:
            return True
        except AuthError:
            return False
        return True


WebSocketUserDependency = Callable[..., Coroutine[Any, Any, WebSocketUser[UserT]]]


def build_websocket_user(
    authentication: Authentication[UserT], session: Depends
) -> WebSocketUserDependency[UserT]:
    """Return the dependency that authenticates a socket.

    The token comes in the Authorization header, or as the second of two
    subprotocols; never in the URL, which ends up in logs.
    """

    async def websocket_user(
        websocket: WebSocket, session: Annotated[Any, session]
    ) -> WebSocketUser[UserT]:
        database = Database(session)
        subprotocol, connection = _with_bearer(websocket)
        try:
            recognised = authentication.recognise(connection)
            user = await _identify(authentication, recognised, database)
        except DatabaseUnavailable:
            raise WebSocketException(TRY_AGAIN_LATER, "database_unavailable") from None
        except AuthError as error:
            raise WebSocketException(POLICY_VIOLATION, error.code) from None
        return WebSocketUser(user, subprotocol, authentication, recognised, database)

    return websocket_user


async def _identify(
    authentication: Authentication[UserT], recognised: Recognised, database: Database
) -> UserT:
    """Authenticate in a short transaction of its own, unless one is under way."""
    was_idle = not database.session.in_transaction()
    callers_rows = list(database.session)
    try:
        return (await authentication.identify(recognised, database)).user
    finally:
        if was_idle:
            with suppress(DatabaseUnavailable):
                await database.run(lambda session: _let_go(session, callers_rows))


def _let_go(session: Session, keep: Sequence[object]) -> None:
    """Give the connection back and keep what was loaded readable.

    Rows of the caller's stay: changes of one that had left would be lost.
    """
    kept = {id(row) for row in keep}
    for row in list(session):
        if id(row) not in kept and row in session:  # one may take another with it
            session.expunge(row)
    session.rollback()


def _with_bearer(websocket: WebSocket) -> tuple[str | None, HTTPConnection]:
    """Return the answer to the offered subprotocols, and a connection with the token."""
    offered: list[str] = websocket.scope.get("subprotocols") or []
    if not offered or offered[0] != SUBPROTOCOL:
        return None, websocket
    if len(offered) != 2:
        raise WebSocketException(POLICY_VIOLATION, NotAuthenticated.code)
    if not offered[1].isascii():  # nor could a header carry it
        raise WebSocketException(POLICY_VIOLATION, InvalidToken.code)
    header = (b"authorization", b"Bearer " + offered[1].encode("ascii"))
    headers = [*Headers(scope=websocket.scope).raw, header]
    return SUBPROTOCOL, HTTPConnection({**websocket.scope, "headers": headers})
