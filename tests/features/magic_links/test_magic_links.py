"""Signing in by a link: who gets one, what it opens, and what it proves."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from fastauth_kit import (
    AuthError,
    ConfigurationError,
    LoginCondition,
    SecondFactor,
    UserMixin,
    Work,
)
from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.magic_links import MagicLinks
from tests.features.password_reset.test_uniform import call
from tests.kit_app import PASSWORD, KitApp, UuidOneTimeToken, bearer
from tests.mailing import PUBLIC_URL, mail_features, mailed_token, mails, text_of

ADA = "ada@example.com"


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=mail_features(MagicLinks()))


async def ask(client: httpx2.AsyncClient, email: str = ADA) -> None:
    answer = await client.post("/api/auth/magic-link", json={"email": email})
    assert (answer.status_code, answer.json()) == (202, {})


def follow(client: httpx2.AsyncClient, token: str) -> Awaitable[httpx2.Response]:
    return client.post("/api/auth/magic-link/login", json={"token": token})


async def linked(kit_app: KitApp, client: httpx2.AsyncClient) -> str:
    """Ask for a link and return its token."""
    await ask(client)
    return await mailed_token(kit_app)


def refused(answer: httpx2.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (400, "invalid_one_time_token")


async def change(kit_app: KitApp, **columns: Any) -> None:
    """Change every account behind the back of every feature."""
    async with kit_app.sessions.begin() as session:
        await session.execute(update(kit_app.user_model).values(**columns))


async def test_a_link_signs_in(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user(password=None)

    answer = await follow(client, await linked(kit_app, client))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    me = await client.get("/api/users/me", headers=bearer(answer.json()))
    assert (me.json()["email"], me.json()["is_verified"]) == (ADA, True)


async def test_the_session_says_how_it_began(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()
    await follow(client, await linked(kit_app, client))

    async with kit_app.sessions() as session:
        found = await session.scalar(select(kit_app.session_model))

    assert found is not None
    assert list(found.amr) == ["email"]
    assert found.ip == "203.0.113.7"


async def test_the_link_leads_to_the_page(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()

    await ask(client)

    (message,) = await mails(kit_app)
    assert f"\n{PUBLIC_URL}/magic-link#token=ml." in text_of(message)
    assert "within 10 minutes" in text_of(message)


async def test_a_link_works_once(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()
    token = await linked(kit_app, client)
    await follow(client, token)

    assert refused(await follow(client, token))


async def test_a_link_expires(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()
    token = await linked(kit_app, client)

    kit_app.clock.advance(minutes=10)

    assert refused(await follow(client, token))


@pytest.mark.parametrize("columns", [{"email": "new@example.com"}, {"is_active": False}])
async def test_what_changed_meanwhile_counts(
    kit_app: KitApp, client: httpx2.AsyncClient, columns: dict[str, Any]
) -> None:
    await kit_app.add_user()
    token = await linked(kit_app, client)

    await change(kit_app, **columns)

    assert refused(await follow(client, token))


async def test_only_active_accounts_get_a_link(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user(is_active=False)

    await ask(client)
    await ask(client, "nobody@example.com")

    assert await mails(kit_app) == []


async def test_the_answer_leaves_before_anybody_is_looked_for(kit_app: KitApp) -> None:
    await kit_app.add_user()
    counts: list[int] = []
    answers = []

    for email in (ADA, "nobody@example.com"):
        kit_app.statements.clear()
        answers.append(
            await call(
                kit_app.app,
                email,
                lambda: counts.append(len(kit_app.statements)),
                path="/api/auth/magic-link",
            )
        )

    assert counts == [0, 0]
    assert answers[0] == answers[1]


async def test_the_first_link_ends_what_a_stranger_set_up(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    body = {"email": ADA, "password": PASSWORD}
    await client.post("/api/auth/register", json=body)
    stranger = await kit_app.sign_in()

    owner = await follow(client, await linked(kit_app, client))

    login = await client.post("/api/auth/login", json=body)
    theirs = await client.get("/api/users/me", headers=bearer(stranger))
    own = await client.get("/api/users/me", headers=bearer(owner.json()))
    assert [login.status_code, theirs.status_code, own.status_code] == [401, 401, 200]


async def test_later_links_end_nothing(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user(is_verified=True)
    before = await kit_app.sign_in()

    await follow(client, await linked(kit_app, client))

    assert (await client.get("/api/users/me", headers=bearer(before))).status_code == 200
    assert await kit_app.sign_in()


class Toy(SecondFactor):
    """A factor that everybody has."""

    factor_name = "toy"

    async def is_enrolled(self, work: Work, user: UserMixin[Any]) -> bool:
        return True


async def test_a_second_factor_is_asked_for(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(more_features=mail_features(MagicLinks()), hooks=(Toy(),))
    await kit_app.add_user()
    async with kit_app.client() as client:
        token = await linked(kit_app, client)
        answer = await follow(client, token)

        assert answer.status_code == 202
        assert answer.json()["factors"] == ["toy"]
        assert refused(await follow(client, token))
    async with kit_app.sessions() as session:
        rows = await session.execute(kit_app.session_model.__table__.select())
        assert rows.all() == []


class OnHoliday(AuthError):
    code = "on_holiday"
    status = 403


class Holiday(LoginCondition):
    """A condition that is over once it was met."""

    def __init__(self) -> None:
        self.lasts = True

    async def check_login(self, work: Work, user: UserMixin[Any]) -> None:
        if self.lasts:
            raise OnHoliday


async def test_a_condition_that_refuses_does_not_use_the_link_up(
    make_app: Callable[..., KitApp],
) -> None:
    holiday = Holiday()
    kit_app = make_app(more_features=mail_features(MagicLinks()), hooks=(holiday,))
    await kit_app.add_user()
    async with kit_app.client() as client:
        token = await linked(kit_app, client)
        assert (await follow(client, token)).status_code == 403
        holiday.lasts = False
        assert (await follow(client, token)).status_code == 200


@pytest.mark.parametrize("first", [True, False])
async def test_a_link_is_a_proof_where_one_is_required(
    make_app: Callable[..., KitApp], first: bool
) -> None:
    """Whichever of the two features comes first."""
    pair = (MagicLinks(), EmailVerification(required=True))
    kit_app = make_app(more_features=mail_features(*(pair if first else pair[::-1])))
    await kit_app.add_user()
    async with kit_app.client() as client:
        answer = await follow(client, await linked(kit_app, client))

    assert answer.status_code == 200


async def test_keys_of_another_type_work_as_well(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(
        key="uuid", more_features=mail_features(MagicLinks(), model=UuidOneTimeToken)
    )
    await kit_app.add_user()
    async with kit_app.client() as client:
        assert (await follow(client, await linked(kit_app, client))).status_code == 200


async def test_a_login_by_link_costs_the_same_however_many_sessions_there_are(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user(is_verified=True)
    costs = []
    for _ in range(3):
        token = await linked(kit_app, client)
        kit_app.statements.clear()
        await follow(client, token)
        costs.append(len(kit_app.statements))

    assert len(set(costs)) == 1
    assert costs[0] <= 5


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"page": "magic"}, "page must be a path"),
        ({"lifetime": timedelta(0)}, "lifetime of a one-time token must be positive"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        MagicLinks(**options)
