"""The only path to a session: conditions, second factors, and challenges."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from fastauth_kit import AuthError, Device, LoginCondition, SecondFactor, UserMixin, Work
from fastauth_kit.core.hooks import IssuedSession
from fastauth_kit.core.login import CHALLENGE_SECONDS, InvalidChallenge, finish_login, resume_login
from fastauth_kit.core.signed import sign
from tests.core.parts import fetch, working
from tests.kit_app import PASSWORD, IntSession, IntUser, KeyKind, KitApp

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

CREDENTIALS = {"email": "ada@example.com", "password": PASSWORD}


@dataclass
class Toy(SecondFactor):
    """A factor that is enrolled, or not."""

    factor_name: str = "toy"  # type: ignore[misc]  # a class variable elsewhere
    enrolled: bool = True

    async def is_enrolled(self, work: Work, user: UserMixin[Any]) -> bool:
        return self.enrolled


class OnHoliday(AuthError):
    code = "on_holiday"
    status = 403


class Holiday(LoginCondition):
    async def check_login(self, work: Work, user: UserMixin[Any]) -> None:
        raise OnHoliday


class FirstLogin(LoginCondition):
    """Lets nobody in twice: it asks the database, within the login's own work."""

    async def check_login(self, work: Work, user: UserMixin[Any]) -> None:
        if await work.scalar(select(IntSession.id).where(IntSession.user_id == user.id)):
            raise OnHoliday


async def log_in(kit_app: KitApp) -> httpx2.Response:
    async with kit_app.client() as client:
        return await client.post("/api/auth/login", json=CREDENTIALS)


@pytest.fixture
async def gated(make_app: Callable[..., KitApp]) -> KitApp:
    """An installation with one user, who has a second factor."""
    kit_app = make_app(hooks=(Toy(), Toy("another", enrolled=False)))
    await kit_app.add_user()
    return kit_app


async def challenge_of(kit_app: KitApp) -> str:
    challenge: str = (await log_in(kit_app)).json()["challenge"]
    return challenge


async def resume(kit_app: KitApp, challenge: str) -> tuple[Any, str]:
    async with working(kit_app) as work:
        user, method = await resume_login(work, challenge)
        return user.id, method


# -- the first factor ------------------------------------------------------------------


async def test_with_a_second_factor_a_login_is_answered_with_a_challenge(gated: KitApp) -> None:
    answer = await log_in(gated)

    assert answer.status_code == 202
    body = answer.json()
    assert body.pop("challenge")
    assert body == {"factors": ["toy"], "expires_in": CHALLENGE_SECONDS}
    assert answer.headers["cache-control"] == "no-store"


async def test_before_the_second_factor_there_is_no_session(gated: KitApp) -> None:
    await log_in(gated)

    assert await fetch(gated, select(IntSession.id)) == []


@ONE_DATABASE
async def test_a_factor_that_is_not_enrolled_is_not_asked_for(
    make_app: Callable[..., KitApp],
) -> None:
    kit_app = make_app(hooks=(Toy(enrolled=False),))
    await kit_app.add_user()

    answer = await log_in(kit_app)

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert set(answer.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}


@ONE_DATABASE
async def test_a_challenge_is_no_access_token(gated: KitApp) -> None:
    headers = {"Authorization": f"Bearer {await challenge_of(gated)}"}

    async with gated.client(headers=headers) as client:
        assert (await client.get("/api/users/me")).status_code == 401


# -- conditions ------------------------------------------------------------------------


async def test_a_condition_refuses_before_any_session(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(hooks=(Holiday(),))
    await kit_app.add_user()

    answer = await log_in(kit_app)

    assert (answer.status_code, answer.json()["code"]) == (403, "on_holiday")
    assert await fetch(kit_app, select(IntSession.id)) == []


@ONE_DATABASE
async def test_a_condition_can_ask_the_database(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(hooks=(FirstLogin(),))
    await kit_app.add_user()

    assert [(await log_in(kit_app)).status_code for _ in range(2)] == [200, 403]


@ONE_DATABASE
async def test_a_condition_refuses_before_a_challenge(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(hooks=(Toy(), Holiday()))
    await kit_app.add_user()

    assert (await log_in(kit_app)).json()["code"] == "on_holiday"


@ONE_DATABASE
async def test_a_condition_is_checked_again_at_the_end(make_app: Callable[..., KitApp]) -> None:
    """It may have come to be while the second factor was presented."""
    kit_app = make_app(hooks=(Holiday(),))
    await kit_app.add_user()

    async def attempt() -> None:
        async with working(kit_app) as work:
            user = await work.scalar(select(IntUser))
            await finish_login(work, user, methods=("pwd", "otp"), device=Device())

    with pytest.raises(OnHoliday):
        await attempt()


@ONE_DATABASE
async def test_a_wrong_password_is_not_told_of_a_condition(
    make_app: Callable[..., KitApp],
) -> None:
    kit_app = make_app(hooks=(Holiday(),))
    await kit_app.add_user()

    async with kit_app.client() as client:
        body = {**CREDENTIALS, "password": "wrong password"}
        answer = await client.post("/api/auth/login", json=body)

    assert answer.json()["code"] == "invalid_credentials"


# -- the challenge ---------------------------------------------------------------------


@pytest.mark.parametrize("key", ["int", "uuid"])
async def test_a_challenge_names_the_user_and_what_they_have_proven(
    make_app: Callable[..., KitApp], key: KeyKind
) -> None:
    kit_app = make_app(hooks=(Toy(),), key=key)
    user_id = await kit_app.add_user()
    challenge = await challenge_of(kit_app)

    assert await resume(kit_app, challenge) == (user_id, "pwd")


async def test_a_challenge_resumed_becomes_a_session(gated: KitApp) -> None:
    challenge = await challenge_of(gated)

    async with working(gated) as work:
        user, method = await resume_login(work, challenge)
        issued = await finish_login(work, user, methods=(method, "otp"), device=Device())

    assert await fetch(gated, select(IntSession.id)) == [issued.session_id]


@ONE_DATABASE
async def test_a_challenge_works_until_its_time_is_over(gated: KitApp) -> None:
    challenge = await challenge_of(gated)

    gated.clock.advance(seconds=CHALLENGE_SECONDS - 1)

    assert (await resume(gated, challenge))[1] == "pwd"


@ONE_DATABASE
async def test_a_challenge_whose_time_is_over_is_refused(gated: KitApp) -> None:
    gated.clock.now = gated.clock.now.replace(microsecond=0)  # to meet the very moment
    challenge = await challenge_of(gated)

    gated.clock.advance(seconds=CHALLENGE_SECONDS)

    with pytest.raises(InvalidChallenge):
        await resume(gated, challenge)


@ONE_DATABASE
@pytest.mark.parametrize("text", ["", "x", "a.b.c", "x" * 3000, "\ud800"])
async def test_a_challenge_that_is_none_is_refused(gated: KitApp, text: str) -> None:
    with pytest.raises(InvalidChallenge):
        await resume(gated, text)


@ONE_DATABASE
async def test_a_challenge_that_was_tampered_with_is_refused(gated: KitApp) -> None:
    challenge = await challenge_of(gated)
    head, body, mac = challenge.split(".")
    forged = f"{head}.{body}.{mac[::-1]}"

    with pytest.raises(InvalidChallenge):
        await resume(gated, forged)


@ONE_DATABASE
async def test_a_text_signed_for_another_purpose_is_refused(gated: KitApp) -> None:
    claims = {"sub": "1", "amr": "pwd", "exp": 10**11, "kid": "x", "stamp": "x"}

    with pytest.raises(InvalidChallenge):
        await resume(gated, sign(gated.auth.keys, "cursor", claims))


@pytest.mark.parametrize("column", ["hashed_password", "email"])
async def test_a_challenge_older_than_a_change_of_credentials_is_refused(
    gated: KitApp, column: str
) -> None:
    challenge = await challenge_of(gated)
    async with gated.sessions.begin() as session:
        await session.execute(update(IntUser).values({column: "another"}))

    with pytest.raises(InvalidChallenge):
        await resume(gated, challenge)


@ONE_DATABASE
async def test_a_challenge_of_somebody_who_is_gone_is_refused(gated: KitApp) -> None:
    challenge = await challenge_of(gated)
    async with gated.sessions.begin() as session:
        await session.delete((await session.scalars(select(IntUser))).one())

    with pytest.raises(InvalidChallenge):
        await resume(gated, challenge)


@ONE_DATABASE
async def test_a_challenge_of_a_deactivated_account_makes_no_session(gated: KitApp) -> None:
    challenge = await challenge_of(gated)
    async with gated.sessions.begin() as session:
        await session.execute(update(IntUser).values(is_active=False))

    async def attempt() -> None:
        async with working(gated) as work:
            user, method = await resume_login(work, challenge)
            await finish_login(work, user, methods=(method, "otp"), device=Device())

    with pytest.raises(AuthError, match="deactivated"):
        await attempt()


def test_tokens_are_not_shown_in_logs() -> None:
    issued = IssuedSession("id", "access-s3cret", "refresh-s3cret", 60, 600)  # type: ignore[arg-type]  # any id will do

    assert "s3cret" not in repr(issued)
