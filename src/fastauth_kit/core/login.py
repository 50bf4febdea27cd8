"""The only path to a session: first factor, second factor, ``finish_login``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastauth_kit.core.errors import AuthError, RecentLoginRequired
from fastauth_kit.core.hooks import (
    CurrentSession,
    Device,
    IssuedSession,
    LoginCondition,
    SecondFactor,
    SessionIssuer,
    tell,
)
from fastauth_kit.core.login_events import FirstFactorProven, LoginRefused
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.secrets import mac_text, same_text
from fastauth_kit.core.signed import read_signed, sign
from fastauth_kit.core.store import hold
from fastauth_kit.core.work import Work

CHALLENGE_SECONDS = 300
"""Time to present the second factor."""

_PURPOSE = "login-challenge"


class InactiveUser(AuthError):
    """The account is deactivated; only said to who proved to be its owner."""

    code = "inactive_user"
    detail = "This account is deactivated."


class InvalidChallenge(AuthError):
    """The challenge is forged, expired, or older than a change of credentials."""

    code = "invalid_challenge"
    status = 401
    detail = "This sign-in took too long. Start again."
    challenge: ClassVar[str | None] = "Bearer"


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """The first factor is proven; a second one is due. No session exists yet."""

    challenge: str
    factors: tuple[str, ...]
    expires_in: int = CHALLENGE_SECONDS


async def finish_first_factor(
    work: Work, user: UserMixin[Any], *, method: str, device: Device
) -> IssuedSession | PendingLogin:
    """Go on after a first factor: to the second one, or to the session.

    Args:
        method: How the user proved who they are (RFC 8176 name).

    Raises:
        InactiveUser: The account is deactivated.
        AuthError: A ``LoginCondition`` refuses.
    """
    await _check_conditions(work, user, device)
    enrolled = await _enrolled_factors(work, user)
    if enrolled:
        await tell(work, FirstFactorProven(user.id, method, device))
        return PendingLogin(_write_challenge(work, user, method), enrolled)
    return await finish_login(work, user, methods=(method,), device=device)


async def _enrolled_factors(work: Work, user: UserMixin[Any]) -> tuple[str, ...]:
    return tuple(
        [
            factor.factor_name
            for factor in work.auth.taking_part(SecondFactor)
            if await factor.is_enrolled(work, user)
        ]
    )


async def finish_login(
    work: Work, user: UserMixin[Any], *, methods: Sequence[str], device: Device
) -> IssuedSession:
    """Make the session, every factor being proven. Nothing else makes one.

    Raises:
        InactiveUser: The account is deactivated.
        AuthError: A ``LoginCondition`` refuses.
    """
    await _check_conditions(work, user, device)
    (issuer,) = work.auth.taking_part(SessionIssuer)
    return await issuer.issue_session(work, user, methods=methods, device=device)


async def reauthenticate(
    work: Work, user: UserMixin[Any], session: CurrentSession, *, method: str
) -> None:
    """Note that the user of a session proved again who they are; the session goes on.

    Call it with the user held, so that two proofs do not overtake each other.

    Args:
        method: How they did (RFC 8176 name): by a first factor.

    Raises:
        RecentLoginRequired: A second factor is enrolled. One factor must not
            make recent what took two: a new login asks for both.
        InvalidToken: The session has ended meanwhile.
    """
    if await _enrolled_factors(work, user):
        raise RecentLoginRequired
    (issuer,) = work.auth.taking_part(SessionIssuer)
    await issuer.renew_session_proof(work, session, method=method)


async def resume_login(work: Work, challenge: str) -> tuple[UserMixin[Any], str]:
    """Return the user of a pending login, held, and the method already proven.

    Raises:
        InvalidChallenge: Forged, expired, or older than a change of password.
    """
    claims = read_signed(work.auth.keys, _PURPOSE, challenge)
    if claims is None or work.now.timestamp() >= claims["exp"]:
        raise InvalidChallenge
    model = work.auth.user_model
    user_id = work.auth.user_key.read(claims["sub"])
    user: UserMixin[Any] | None = await hold(work, model, model.id == user_id, shared=True)
    if user is None or not same_text(claims["stamp"], _stamp(work, user, claims["kid"])):
        raise InvalidChallenge
    return user, claims["amr"]


def _write_challenge(work: Work, user: UserMixin[Any], method: str) -> str:
    key_id = work.auth.keys.current(_PURPOSE).id
    claims = {
        "sub": work.auth.user_key.write(user.id),
        "amr": method,
        "exp": int(work.now.timestamp()) + CHALLENGE_SECONDS,
        "kid": key_id,
        "stamp": _stamp(work, user, key_id),
    }
    return sign(work.auth.keys, _PURPOSE, claims)


def _stamp(work: Work, user: UserMixin[Any], key_id: str) -> str:
    """Tie a challenge to the credentials it was made under, without showing them."""
    key = work.auth.keys.find("login-stamp", key_id)
    assert key is not None  # noqa: S101  # the challenge was verified under this id
    return mac_text(key.value, user.email.encode(), (user.hashed_password or "").encode())


async def _check_conditions(work: Work, user: UserMixin[Any], device: Device) -> None:
    user_id = user.id
    try:
        if not user.is_active:
            raise InactiveUser
        for condition in work.auth.taking_part(LoginCondition):
            await condition.check_login(work, user)
    except AuthError as error:
        refused = LoginRefused(user_id, error.code, device)
        work.record(lambda work: tell(work, refused))
        raise
