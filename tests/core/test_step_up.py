"""Routes that want a more recent or a stronger login (RFC 9470)."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI

from fastauth_kit import AuthKit, ConfigurationError, Device, install_errors
from fastauth_kit.core.hooks import IssuedSession
from fastauth_kit.core.login import finish_login
from tests.core.parts import working
from tests.features.accounts.answers import assert_refused
from tests.features.accounts.tokens import rotate
from tests.kit_app import KitApp, bearer

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

FIVE = timedelta(minutes=5)
MOMENT = timedelta(microseconds=1)
BEARER = 'Bearer error="insufficient_user_authentication"'

REQUIREMENTS: dict[str, dict[str, Any]] = {
    "recent": {"max_age": FIVE},
    "precise": {"max_age": timedelta(seconds=90)},
    "password": {"methods": ["pwd"]},
    "strong": {"methods": ["hwk", "otp"]},
    "both": {"methods": ("otp",), "max_age": FIVE},
    "root": {"superuser": True, "verified": True, "methods": ["otp"], "max_age": FIVE},
}

MakeApp = Callable[..., KitApp]


def add_routes(app: FastAPI, auth: AuthKit[Any]) -> None:
    install_errors(app)
    for name, given in REQUIREMENTS.items():
        _add_route(app, name, auth.require_user(**given))


def _add_route(app: FastAPI, name: str, dependency: Any) -> None:
    @app.get(f"/{name}")
    async def read(user: Annotated[Any, Depends(dependency)]) -> int:
        number: int = user.id
        return number


@pytest.fixture
async def kit_app(make_app: MakeApp) -> KitApp:
    """An installation with such routes, and with Ada."""
    kit_app = make_app(configure=add_routes)
    await kit_app.add_user()
    return kit_app


async def sign_in_by(kit_app: KitApp, *methods: str) -> dict[str, Any]:
    """Sign Ada in by some methods and return her tokens."""
    async with working(kit_app) as work:
        user = await kit_app.auth.find_user(work, "ada@example.com")
        issued = await finish_login(work, user, methods=methods, device=Device())
    assert isinstance(issued, IssuedSession)
    return {"access_token": issued.access_token, "refresh_token": issued.refresh_token}


async def ask(kit_app: KitApp, name: str, tokens: dict[str, Any]) -> httpx2.Response:
    async with kit_app.client(headers=bearer(tokens)) as client:
        return await client.get(f"/{name}")


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("recent", ["pwd"]),
        ("password", ["pwd"]),
        ("strong", ["otp"]),
        ("strong", ["hwk"]),
        ("strong", ["pwd", "hwk"]),
        ("both", ["pwd", "otp"]),
    ],
)
async def test_who_meets_a_requirement_passes(
    kit_app: KitApp, name: str, methods: Sequence[str]
) -> None:
    tokens = await sign_in_by(kit_app, *methods)

    assert (await ask(kit_app, name, tokens)).status_code == 200


@pytest.mark.parametrize(
    ("name", "age", "challenge"),
    [("recent", FIVE, "300"), ("precise", timedelta(seconds=90), "90")],
)
async def test_an_older_login_must_be_repeated(
    kit_app: KitApp, name: str, age: timedelta, challenge: str
) -> None:
    tokens = await kit_app.sign_in()

    kit_app.clock.now += age
    assert (await ask(kit_app, name, tokens)).status_code == 200

    kit_app.clock.now += MOMENT
    refused = await ask(kit_app, name, tokens)
    expected = f'{BEARER}, max_age="{challenge}"'
    assert_refused(refused, 401, "recent_login_required", challenge=expected)


async def test_a_refresh_makes_no_login_recent(kit_app: KitApp) -> None:
    tokens: Any = await kit_app.sign_in()
    kit_app.clock.now += FIVE + MOMENT

    async with kit_app.client() as client:
        tokens = await rotate(client, tokens)

    assert (await ask(kit_app, "recent", tokens)).status_code == 401


async def test_a_login_by_another_method_must_be_a_stronger_one(kit_app: KitApp) -> None:
    """The methods that would do are named, the preferred one first."""
    tokens = await sign_in_by(kit_app, "pwd")

    refused = await ask(kit_app, "strong", tokens)

    challenge = f'{BEARER}, acr_values="hwk otp"'
    assert_refused(refused, 401, "stronger_login_required", challenge=challenge)


async def test_what_is_wanted_is_said_in_full(kit_app: KitApp) -> None:
    tokens = await sign_in_by(kit_app, "pwd")

    refused = await ask(kit_app, "both", tokens)

    challenge = f'{BEARER}, max_age="300", acr_values="otp"'
    assert_refused(refused, 401, "stronger_login_required", challenge=challenge)


async def test_the_age_is_that_of_the_method_asked_for(kit_app: KitApp) -> None:
    """A fresh password does not renew a code of this morning."""
    tokens = await sign_in_by(kit_app, "pwd", "otp")
    kit_app.clock.now += FIVE + MOMENT
    async with kit_app.client(headers=bearer(tokens)) as client:
        body = {"password": "correct horse battery"}
        await client.post("/api/auth/password/confirm", json=body)

    assert (await ask(kit_app, "recent", tokens)).status_code == 200
    refused = await ask(kit_app, "both", tokens)
    challenge = f'{BEARER}, max_age="300", acr_values="otp"'
    assert_refused(refused, 401, "recent_login_required", challenge=challenge)


async def test_the_latest_of_several_methods_counts(kit_app: KitApp) -> None:
    tokens = await sign_in_by(kit_app, "hwk")
    kit_app.clock.now += FIVE + MOMENT
    dependency = kit_app.auth.require_user(methods=["hwk", "pwd"], max_age=FIVE)
    _add_route(kit_app.app, "either", dependency)
    assert (await ask(kit_app, "either", tokens)).status_code == 401

    async with kit_app.client(headers=bearer(tokens)) as client:
        body = {"password": "correct horse battery"}
        await client.post("/api/auth/password/confirm", json=body)

    assert (await ask(kit_app, "either", tokens)).status_code == 200


async def test_who_may_not_is_not_asked_to_sign_in_again(kit_app: KitApp) -> None:
    """It would be in vain."""
    tokens = await sign_in_by(kit_app, "pwd")

    assert_refused(await ask(kit_app, "root", tokens), 403, "not_enough_permissions")


async def test_nobody_signed_in_is_asked_to_sign_in(kit_app: KitApp) -> None:
    async with kit_app.client() as client:
        answer = await client.get("/both")

    assert_refused(answer, 401, "not_authenticated", challenge="Bearer")


async def test_a_step_up_costs_no_statement(kit_app: KitApp) -> None:
    tokens = await sign_in_by(kit_app, "pwd", "otp")
    kit_app.statements.clear()

    await ask(kit_app, "both", tokens)

    assert len(kit_app.statements) == 1


# -- at start --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"methods": "pwd"},
            "require_user(methods=...) must be a list of names, not one: methods=['pwd']",
        ),
        (
            {"methods": ['otp" realm="x']},
            "require_user(methods=...) takes names as in RFC 8176, such as 'pwd' or 'otp', "
            "not 'otp\" realm=\"x'",
        ),
        (
            {"methods": ["otp", ""]},
            "require_user(methods=...) takes names as in RFC 8176, such as 'pwd' or 'otp', not ''",
        ),
        ({"max_age": timedelta(0)}, "require_user(max_age=...) must be at least a second"),
        ({"max_age": -FIVE}, "require_user(max_age=...) must be at least a second"),
        (
            {"max_age": timedelta(milliseconds=999)},
            "require_user(max_age=...) must be at least a second",
        ),
    ],
)
async def test_what_cannot_be_met_or_said_is_refused(
    kit_app: KitApp, given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        kit_app.auth.require_user(**given)

    assert str(caught.value) == sentence


async def test_a_second_is_enough(kit_app: KitApp) -> None:
    assert kit_app.auth.require_user(max_age=timedelta(seconds=1), methods=["urn:x:y_1.0-z"])
