"""The exchange of a refresh token for its successor."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Update, exists, select, update

from fastauth_kit.core.hooks import IssuedSession, tell
from fastauth_kit.core.keys import PurposeKey
from fastauth_kit.core.store import change
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
    for _ in range(2):  # who loses the race looks again, and finds the successor
        row = await _find(work, sessions, token)
        match _standing(work, sessions, token, row):
            case Standing.CURRENT:
                if (issued := await _rotate(work, sessions, row)) is not None:
                    return issued
            case Standing.JUST_REPLACED:
                return _latest(work, sessions, row)
            case Standing.REUSED:
                _end_stolen(work, sessions, row)
                raise InvalidRefreshToken
            case _:  # UNKNOWN
                raise InvalidRefreshToken
        await work.restart()
    raise InvalidRefreshToken


async def revoke_by_refresh_token(work: Work, sessions: "Sessions", text: str) -> None:
    """End the session of a refresh token, of whatever generation.

    Raises:
        InvalidRefreshToken: It is not genuine, or its session is over.
    """
    row = await _find(work, sessions, _parse(text))
    try:
        await sessions.revoke(work, row.user_id, row.id, RevokedReason.LOGOUT)
    except SessionNotFound:  # another logout was faster
        raise InvalidRefreshToken from None


def _parse(text: str) -> RefreshToken:
    token = parse_refresh_token(text)
    if token is None:
        raise InvalidRefreshToken
    return token


async def _find(work: Work, sessions: "Sessions", token: RefreshToken) -> Row[Any]:
    """Return the session of a genuine token, in force, of an active user."""
    model, user_model = sessions.model, work.auth.user_model
    statement = (
        select(
            model.id,
            model.user_id,
            model.refresh_generation,
            model.refresh_salt,
            model.refresh_key_id,
            model.rotated_at,
            model.absolute_expires_at,
        )
        .join(user_model, user_model.id == model.user_id)
        .where(model.id == token.session_id, user_model.is_active.is_(True))
        .where(*sessions.in_force(work.now))
    )
    key = work.auth.keys.find(REFRESH_PURPOSE, token.key_id)
    row = (await work.execute(statement)).one_or_none()
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


async def _rotate(work: Work, sessions: "Sessions", row: Row[Any]) -> IssuedSession | None:
    """Move to the next generation, or return ``None`` if another request did."""
    key = work.auth.keys.current(REFRESH_PURPOSE)
    if await change(work, _rotation(work, sessions, row, key.id)) == 0:
        return None
    await tell(work, SessionRefreshed(row.user_id, row.id))
    return _tokens(work, sessions, row, row.refresh_generation + 1, key)


def _rotation(work: Work, sessions: "Sessions", row: Row[Any], key_id: str) -> Update:
    model, user_model = sessions.model, work.auth.user_model
    active = exists().where(user_model.id == model.user_id, user_model.is_active.is_(True))
    return (
        update(model)
        .where(model.id == row.id, model.refresh_generation == row.refresh_generation)
        .where(*sessions.in_force(work.now), active)
        .values(
            refresh_generation=row.refresh_generation + 1,
            refresh_key_id=key_id,
            rotated_at=work.now,
            last_used_at=work.now,
            idle_expires_at=work.now + sessions.idle_lifetime,
        )
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
