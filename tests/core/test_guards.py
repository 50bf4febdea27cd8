"""Guards of a caller's own: asked before an attempt, told of logins."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import ColumnElement, func, literal, select

from fastauth_kit import (
    Attempt,
    AttemptKind,
    Device,
    LoginGuard,
    RequestGuard,
    TooManyAttempts,
    UserMixin,
    Work,
)
from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.guards import admit, one_request
from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.throttling import Throttling
from tests.core.parts import working
from tests.kit_app import PASSWORD, IntLoginFailure, KitApp

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

MAIL = Attempt(AttemptKind.MAIL, "forgot", Device(ip="203.0.113.7"), address="ada@example.com")


class Gate(RequestGuard):
    """Notes what it is asked, and lets so many through."""

    def __init__(self, room: int = 1000) -> None:
        self.room = room
        self.asked: list[Attempt] = []
        self.given_back: list[Attempt] = []

    async def admit(self, auth: Assembly[Any], attempt: Attempt) -> None:
        if len(self.asked) >= self.room:
            raise TooManyAttempts(7)
        self.asked.append(attempt)

    async def give_back(self, auth: Assembly[Any], attempt: Attempt) -> None:
        self.given_back.append(attempt)


class Counter(LoginGuard):
    """Says how many failures there are, and notes what it is told."""

    def __init__(self, most: int, failures: int) -> None:
        self.most_failures = most
        self.failures = failures
        self.told: list[tuple[Any, ...]] = []

    def count_failures(
        self, auth: Assembly[Any], attempted: ColumnElement[str]
    ) -> ColumnElement[int]:
        return literal(self.failures)

    async def login_failed(
        self, work: Work, user_id: Any | None, attempted: str, failures: int, device: Device
    ) -> None:
        self.told.append(("failed", user_id, failures, device.ip))

    async def login_succeeded(
        self, work: Work, user: UserMixin[Any], failures: int, device: Device
    ) -> None:
        self.told.append(("succeeded", user.id, failures, device.ip))


async def log_in(
    kit_app: KitApp, password: str = PASSWORD, *, email: str = "ada@example.com"
) -> httpx2.Response:
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/login", json={"email": email, "password": password})
    await kit_app.auth.after_commit.drain()
    return answer


@ONE_DATABASE
async def test_every_guard_is_asked(make_app: Callable[..., KitApp]) -> None:
    one, other = Gate(), Gate()
    kit_app = make_app(hooks=(one, other))

    await admit(kit_app.auth, MAIL)

    assert one.asked == other.asked == [MAIL]


@ONE_DATABASE
async def test_within_a_request_an_attempt_counts_once(make_app: Callable[..., KitApp]) -> None:
    gate = Gate()
    kit_app = make_app(hooks=(gate,))

    with one_request():
        await admit(kit_app.auth, MAIL)
        await admit(kit_app.auth, MAIL)
        with one_request():
            await admit(kit_app.auth, MAIL)
        await admit(kit_app.auth, MAIL)
    await admit(kit_app.auth, MAIL)
    await admit(kit_app.auth, MAIL)

    assert gate.asked == [MAIL] * 4


@ONE_DATABASE
async def test_within_a_request_another_attempt_counts_too(
    make_app: Callable[..., KitApp],
) -> None:
    gate = Gate()
    kit_app = make_app(hooks=(gate,))
    other = Attempt(MAIL.kind, MAIL.operation, MAIL.device, address="bob@example.com")

    with one_request():
        await admit(kit_app.auth, MAIL)
        await admit(kit_app.auth, other)

    assert gate.asked == [MAIL, other]


@ONE_DATABASE
async def test_who_was_refused_was_not_admitted(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(hooks=(Gate(room=0),))

    with one_request():
        for _ in range(2):
            with pytest.raises(TooManyAttempts):
                await admit(kit_app.auth, MAIL)


async def test_a_login_is_an_attempt(make_app: Callable[..., KitApp]) -> None:
    gate = Gate()
    kit_app = make_app(hooks=(gate,))
    await kit_app.add_user()

    await log_in(kit_app, email="ADA@example.com")

    (attempt,) = gate.asked
    assert (attempt.kind, attempt.operation) == (AttemptKind.LOGIN, "login")
    assert (attempt.device.ip, attempt.address) == ("203.0.113.7", "ada@example.com")
    assert gate.given_back == [attempt]


async def test_a_failed_one_is_not_given_back(make_app: Callable[..., KitApp]) -> None:
    gate = Gate()
    kit_app = make_app(hooks=(gate,))
    await kit_app.add_user()

    await log_in(kit_app, "not the password")

    assert (len(gate.asked), gate.given_back) == (1, [])


async def test_nor_is_one_that_came_to_no_session(make_app: Callable[..., KitApp]) -> None:
    gate = Gate()
    kit_app = make_app(hooks=(gate,))
    await kit_app.add_user(is_active=False)

    assert (await log_in(kit_app)).json()["code"] == "inactive_user"

    assert gate.given_back == []


async def test_a_refusal_says_when_to_come_back(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(hooks=(Gate(room=0),))

    answer = await log_in(kit_app)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Too many attempts. Wait a while, then try again.",
        "code": "too_many_attempts",
    }


async def test_a_login_guard_is_told_of_both_outcomes(make_app: Callable[..., KitApp]) -> None:
    counter = Counter(most=5, failures=4)
    kit_app = make_app(hooks=(counter,))
    ada = await kit_app.add_user()

    await log_in(kit_app)
    await log_in(kit_app, "not the password")
    await log_in(kit_app, email="nobody@example.com")

    assert counter.told == [
        ("succeeded", ada, 4, "203.0.113.7"),
        ("failed", ada, 4, "203.0.113.7"),
        ("failed", None, 4, "203.0.113.7"),
    ]


@pytest.mark.parametrize("counts", [(5, 0), (0, 5), (6, 9)])
async def test_one_that_counts_too_many_shuts_the_account(
    make_app: Callable[..., KitApp], counts: tuple[int, int]
) -> None:
    guards = [Counter(5, count) for count in counts]
    kit_app = make_app(hooks=guards)
    ada = await kit_app.add_user()

    assert (await log_in(kit_app)).json()["code"] == "invalid_credentials"

    told = [guard.told for guard in guards]
    assert told == [[("failed", ada, count, "203.0.113.7")] for count in counts]


async def test_a_shut_account_is_left_alone_by_an_upgrade_of_its_hash(
    make_app: Callable[..., KitApp],
) -> None:
    from fastauth_kit.features.passwords import default_context

    kit_app = make_app(hooks=(Counter(1, 1),))
    ada = await kit_app.add_user()
    older: Any = default_context().copy(default="bcrypt", bcrypt__rounds=4)  # type: ignore[attr-defined]  # of passlib's
    hashed = older.hash(PASSWORD)
    async with kit_app.sessions.begin() as session:
        user: Any = await session.get(kit_app.user_model, ada)
        user.hashed_password = hashed

    assert (await log_in(kit_app)).status_code == 401

    async with kit_app.sessions() as session:
        user = await session.get(kit_app.user_model, ada)
        assert user.hashed_password == hashed


@pytest.mark.parametrize("lockout_first", [True, False])
async def test_throttling_and_lockout_agree_in_either_order(
    make_app: Callable[..., KitApp], lockout_first: bool
) -> None:
    features: Any = [Throttling(), Lockout(model=IntLoginFailure, most_failures=2)]
    if lockout_first:
        features.reverse()
    kit_app = make_app(more_features=features)
    await kit_app.add_user()

    codes = [(await log_in(kit_app, "not the password")).status_code for _ in range(6)]

    assert codes == [401] * 5 + [429]
    async with working(kit_app) as work:
        owned = IntLoginFailure.user_id.is_not(None)
        assert await work.scalar(select(func.count(IntLoginFailure.id)).where(owned)) == 2


class OwnColumn(Counter):
    """Counts in a column of the users, which nobody has."""

    def count_failures(
        self, auth: Assembly[Any], attempted: ColumnElement[str]
    ) -> ColumnElement[int]:
        count: ColumnElement[int] = auth.user_model.id * 0
        return count


async def test_a_count_of_nobody_may_be_null(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(hooks=(OwnColumn(most=5, failures=0),))
    await kit_app.add_user()

    answers = [
        await log_in(kit_app, "not the password", email=email)
        for email in ("ada@example.com", "nobody@example.com")
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content
