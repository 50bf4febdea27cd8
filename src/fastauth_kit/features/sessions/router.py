"""Routes of the sessions: refresh, logout, and the list of devices."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Request, Response
from fastapi.requests import HTTPConnection

from fastauth_kit.core.authentication import Authenticated
from fastauth_kit.core.errors import AuthError, InvalidToken, NotAuthenticated
from fastauth_kit.core.forms import UnsupportedGrantType, document_body
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.tokens import SessionTokens, answer_tokens
from fastauth_kit.core.transport import transport_of
from fastauth_kit.core.work import Work
from fastauth_kit.features.sessions.errors import InvalidRefreshToken, SessionNotFound
from fastauth_kit.features.sessions.events import RevokedReason
from fastauth_kit.features.sessions.models import SessionMixin
from fastauth_kit.features.sessions.presented import PresentedToken, read_refresh_token
from fastauth_kit.features.sessions.schemas import LogoutBody, RefreshBody, SessionRead

if TYPE_CHECKING:
    from fastauth_kit.features.sessions.feature import Sessions


def add_session_routes(sessions: "Sessions", table: RouteTable) -> None:
    """Add every route of the feature."""
    _add_refresh(sessions, table)
    _add_logout(sessions, table)
    _add_list(sessions, table)
    _add_revocations(sessions, table)


def _add_refresh(sessions: "Sessions", table: RouteTable) -> None:
    auth = table.auth
    in_body_only = transport_of(auth) is None

    async def read_token(request: Request) -> PresentedToken:
        return await read_refresh_token(auth, request)

    async def refresh(
        token: Annotated[PresentedToken, Depends(read_token)],
        request: Request,
        response: Response,
        work: Annotated[Work, Depends(auth.work)],
    ) -> SessionTokens | Response:
        """Exchange a refresh token for fresh tokens; each one works once.

        For a few seconds a repeated request gets the same tokens again, in
        case the answer was lost. After that a used token ends the session.
        """
        async with work:
            issued = await sessions.refresh(work, token.text)
        return answer_tokens(auth, issued, request, response, carried=token.carried)

    table.add(
        "refresh",
        "POST",
        "/refresh",
        refresh,
        errors=[InvalidRefreshToken, UnsupportedGrantType],
        reads_body=True,
        response_model=SessionTokens,
        openapi_extra=document_body(RefreshBody, grant_type="refresh_token", required=in_body_only),
    )


def _add_logout(sessions: "Sessions", table: RouteTable) -> None:
    auth, transport = table.auth, transport_of(table.auth)

    async def logout(
        connection: HTTPConnection,
        response: Response,
        session: Annotated[Any, auth.session_dependency],
        work: Annotated[Work, Depends(auth.work)],
        body: LogoutBody | None = None,
    ) -> None:
        """End this session at once.

        Send the access token as usual; or, when it has expired, the refresh
        token in the body.
        """
        async with work:
            try:
                who = await auth.unconditional_authentication.of_request(connection, session)
            except (NotAuthenticated, InvalidToken) as error:
                await _log_out_by_body(sessions, work, body, error)
            else:
                await _log_out(sessions, work, who)
                if transport is not None and transport.access_token(connection) is not None:
                    transport.forget(auth, response)

    table.add(
        "logout",
        "POST",
        "/logout",
        logout,
        errors=[InvalidRefreshToken],
        signed_in=True,
        status_code=204,
        openapi_extra={"security": [{"OAuth2PasswordBearer": []}, {}]},
    )


async def _log_out(sessions: "Sessions", work: Work, who: Authenticated[Any]) -> None:
    try:
        await sessions.revoke(work, who.user.id, who.session.id, RevokedReason.LOGOUT)
    except SessionNotFound:  # another logout was faster
        raise InvalidToken from None


async def _log_out_by_body(
    sessions: "Sessions", work: Work, body: LogoutBody | None, error: AuthError
) -> None:
    if body is None or body.refresh_token is None:
        raise error
    await sessions.log_out(work, body.refresh_token.get_secret_value())


def _add_list(sessions: "Sessions", table: RouteTable) -> None:
    auth = table.auth

    async def list_sessions(
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> list[SessionRead]:
        """List where you are signed in, the latest used first, at most 100."""
        async with work:
            found = await sessions.list_for(work, who.user.id)
            return [_read(row, who.session.id) for row in found]

    table.add(
        "list_sessions",
        "GET",
        "/sessions",
        list_sessions,
        signed_in=True,
        response_model=list[SessionRead],
    )


def _read(row: SessionMixin[Any], current: UUID) -> SessionRead:
    return SessionRead(
        id=row.id,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=min(row.idle_expires_at, row.absolute_expires_at),
        ip=row.ip,
        user_agent=row.user_agent,
        current=row.id == current,
    )


def _add_revocations(sessions: "Sessions", table: RouteTable) -> None:
    auth = table.auth

    async def revoke_session(
        session_id: Annotated[UUID, Path(description="From the list of sessions.")],
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> None:
        """Sign one of your devices out."""
        async with work:
            await sessions.revoke(work, who.user.id, session_id, RevokedReason.REVOKED)

    async def revoke_other_sessions(
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> None:
        """Sign every device out but this one."""
        user_id, current = who.user.id, who.session.id
        async with work:
            await sessions.revoke_all(work, user_id, RevokedReason.REVOKED, keep=current)

    table.add(
        "revoke_session",
        "DELETE",
        "/sessions/{session_id}",
        revoke_session,
        errors=[SessionNotFound],
        signed_in=True,
        status_code=204,
    )
    table.add(
        "revoke_other_sessions",
        "DELETE",
        "/sessions",
        revoke_other_sessions,
        signed_in=True,
        status_code=204,
    )
