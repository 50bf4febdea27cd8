"""The exchange of a refresh token for its successor."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from fastauth_kit.core.hooks import IssuedSession, tell
from fastauth_kit.core.keys import PurposeKey
from fastauth_kit.core.work import Work
from fastauth_kit.features.sessions.errors import InvalidRefreshToken, SessionNotFound
from fastauth_kit.features.sessions.events import (
    RefreshTokenReused,
    RevokedReason,
    SessionRefreshed,
    SessionsRevoked,
)
from fastauth_kit.features.sessions.refresh_token import (
    REFRESH_PURPOSE,
    RefreshToken,
    Standing,
    is_genuine,
    make_refresh_token,
    parse_refresh_token,
    standing,
)

if TYPE_CHECKING:
    from fastauth_kit.features.sessions.feature import Sessions


async def refresh_session(work: Work, sessions: "Sessions", text: str) -> IssuedSession:
    """Exchange a refresh token for fresh tokens.

    One conditional UPDATE decides who rotates. The direct predecessor gets,
    for ``refresh_grace``, the same successor again; anything older ends the
    session, because two parties hold its tokens (RFC 9700, section 4.14.2).

    Raises:
        InvalidRefreshToken: It does not work, or no longer.
    """
    token = _parse(text)
    key = work.auth.keys.current(REFRESH_PURPOSE)
    for _ in range(2):  # who loses the race looks again, and finds the successor
        row, worth, rotated = await work.run(_exchange(work, sessions, token, key.id))
        match worth:
            case Standing.CURRENT if rotated:
                await tell(work, SessionRefreshed(row.user_id, row.id))
                return _tokens(work, sessions, row, row.refresh_generation + 1, key)
            case Standing.CURRENT:
                await work.restart()
            case Standing.JUST_REPLACED:
                return _latest(work, sessions, row)
            case Standing.REUSED:
                _end_stolen(work, sessions, row)
                raise InvalidRefreshToken
            case _:  # UNKNOWN
                raise InvalidRefreshToken
    raise InvalidRefreshToken


def _exchange(
    work: Work, sessions: "Sessions", token: RefreshToken, key_id: str
) -> Callable[[Session], tuple[Row[Any], Standing, bool]]:
    """Return the step that judges a token and, if it is the latest, moves on."""

    def step(session: Session) -> tuple[Row[Any], Standing, bool]:
        row = _find(session, work, sessions, token)
        worth = _standing(work, sessions, token, row)
        rotated = worth is Standing.CURRENT and sessions.statements.rotate(
            session,
            session_id=row.id,
            generation=row.refresh_generation,
            now=work.now,
            key_id=key_id,
            idle_end=work.now + sessions.idle_lifetime,
        )
        return row, worth, rotated

    return step


async def revoke_by_refresh_token(work: Work, sessions: "Sessions", text: str) -> None:
    """End the session of a refresh token, of whatever generation.

    Raises:
        InvalidRefreshToken: It is not genuine, or its session is over.
    """
    token = _parse(text)
    row = await work.read(lambda session: _find(session, work, sessions, token))
    try:
        await sessions.revoke(work, row.user_id, row.id, RevokedReason.LOGOUT)
    except SessionNotFound:  # another logout was faster
        raise InvalidRefreshToken from None


def _parse(text: str) -> RefreshToken:
    token = parse_refresh_token(text)
    if token is None:
        raise InvalidRefreshToken
    return token


def _find(session: Session, work: Work, sessions: "Sessions", token: RefreshToken) -> Row[Any]:
    """Return the session of a genuine token, in force, of an active user."""
    key = work.auth.keys.find(REFRESH_PURPOSE, token.key_id)
    row = sessions.statements.find(session, session_id=token.session_id, now=work.now)
    if key is None or row is None or not is_genuine(token, key=key.value, salt=row.refresh_salt):
        raise InvalidRefreshToken
    return row


def _standing(work: Work, sessions: "Sessions", token: RefreshToken, row: Row[Any]) -> Standing:
    since: datetime = row.rotated_at or work.now
    return standing(
        token.generation,
        latest=row.refresh_generation,
        seconds_since_rotation=(work.now - since).total_seconds(),
        grace_seconds=sessions.refresh_grace.total_seconds(),
    )


def _latest(work: Work, sessions: "Sessions", row: Row[Any]) -> IssuedSession:
    """Give the latest refresh token again, under the key it was made with."""
    key = work.auth.keys.find(REFRESH_PURPOSE, row.refresh_key_id)
    if key is None:  # the key has been retired since
        raise InvalidRefreshToken
    return _tokens(work, sessions, row, row.refresh_generation, key)


def _tokens(
    work: Work, sessions: "Sessions", row: Row[Any], generation: int, key: PurposeKey
) -> IssuedSession:
    refresh_token = make_refresh_token(
        row.id, generation, key_id=key.id, key=key.value, salt=row.refresh_salt
    )
    return sessions.with_access_token(
        work,
        refresh_token,
        user_id=row.user_id,
        session_id=row.id,
        ends_at=row.absolute_expires_at,
    )


def _end_stolen(work: Work, sessions: "Sessions", row: Row[Any]) -> None:
    async def end(work: Work) -> None:
        this = sessions.model.id == row.id
        if await sessions.end_where(work, row.user_id, RevokedReason.REUSE, this):
            await tell(work, RefreshTokenReused(row.user_id, row.id))
            await tell(work, SessionsRevoked(row.user_id, 1, RevokedReason.REUSE, row.id))

    work.record(end)
