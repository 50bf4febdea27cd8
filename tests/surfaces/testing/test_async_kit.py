"""What the test kit gives to tests that await."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import select

from fastauth_kit import AuthKit, ConfigurationError
from fastauth_kit.core.login import InactiveUser
from fastauth_kit.features.cookies import Cookies
from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.password_reset import PasswordReset
from fastauth_kit.surfaces.testing import (
    PASSWORD,
    AsyncAuthClients,
    AsyncMakeUser,
    FrozenClock,
    Mailbox,
)
from tests.kit_app import IntUser, KitApp
from tests.mailing import mail_features, once

pytest_plugins = ["fastauth_kit_pytest"]


def add_routes(app: FastAPI, auth: AuthKit[Any]) -> None:
    @app.get("/recent")
    async def recent(
        user: Annotated[Any, Depends(auth.require_user(max_age=timedelta(minutes=5)))],
    ) -> str:
        return str(user.email)

    @app.get("/by-otp")
    async def by_otp(user: Annotated[Any, Depends(auth.require_user(methods=["otp"]))]) -> str:
        return str(user.email)


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    features = (*mail_features(PasswordReset(), EmailVerification()), Cookies())
    return make_app(more_features=features, configure=add_routes)


@pytest.fixture
def auth(kit_app: KitApp) -> AuthKit[Any]:
    return kit_app.auth


@pytest.fixture
def app(kit_app: KitApp) -> FastAPI:
    return kit_app.app


async def test_a_user_of_ones_own_columns_is_signed_in(
    async_make_user: AsyncMakeUser[Any], async_auth_client: AsyncAuthClients[Any]
) -> None:
    user = await async_make_user(name="Ada", is_superuser=True)

    client = await async_auth_client(user)
    me = (await client.get("/api/users/me")).json()

    assert (me["id"], me["name"], me["is_superuser"]) == (user.id, "Ada", True)


async def test_users_have_addresses_of_their_own(async_make_user: AsyncMakeUser[Any]) -> None:
    first, second = await async_make_user(), await async_make_user()

    assert first.email != second.email


async def test_the_known_password_signs_in(
    async_make_user: AsyncMakeUser[Any], async_auth_client: AsyncAuthClients[Any]
) -> None:
    user = await async_make_user()

    client = await async_auth_client()
    body = {"email": user.email, "password": PASSWORD}

    assert (await client.post("/api/auth/login", json=body)).status_code == 200


async def test_a_client_of_nobody_is_refused(async_auth_client: AsyncAuthClients[Any]) -> None:
    client = await async_auth_client()

    assert client.tokens is None
    assert (await client.get("/api/users/me")).status_code == 401


async def test_the_session_is_one_of_the_kits_own(
    async_make_user: AsyncMakeUser[Any], async_auth_client: AsyncAuthClients[Any]
) -> None:
    client = await async_auth_client(await async_make_user())
    assert client.tokens is not None
    refreshed = await client.post(
        "/api/auth/refresh", data={"refresh_token": client.tokens.refresh_token}
    )
    listed = (await client.get("/api/auth/sessions")).json()

    assert refreshed.status_code == 200, refreshed.text
    assert [row["id"] for row in listed] == [str(client.tokens.session_id)]


async def test_a_page_sends_cookies_and_the_token_against_csrf(
    async_make_user: AsyncMakeUser[Any], async_auth_client: AsyncAuthClients[Any]
) -> None:
    client = await async_auth_client(await async_make_user(), transport="cookie")
    refreshed = await client.post("/api/auth/refresh")
    left = await client.post("/api/auth/logout")
    after = await client.get("/api/users/me")

    assert "Authorization" not in client.headers
    assert [refreshed.status_code, left.status_code, after.status_code] == [200, 204, 401]


async def test_without_its_csrf_token_the_page_is_refused(
    async_make_user: AsyncMakeUser[Any], async_auth_client: AsyncAuthClients[Any]
) -> None:
    client = await async_auth_client(await async_make_user(), transport="cookie")
    del client.headers["X-CSRF-Token"]

    assert (await client.post("/api/auth/logout")).status_code == 403


async def test_a_session_has_the_methods_that_the_test_says(
    async_make_user: AsyncMakeUser[Any], async_auth_client: AsyncAuthClients[Any]
) -> None:
    user = await async_make_user()
    by_password, by_both = (
        await async_auth_client(user),
        await async_auth_client(user, methods=("pwd", "otp")),
    )

    assert (await by_password.get("/by-otp")).status_code == 401
    assert (await by_both.get("/by-otp")).json() == user.email


async def test_time_moves_when_it_is_told_to(
    auth_clock: FrozenClock,
    async_make_user: AsyncMakeUser[Any],
    async_auth_client: AsyncAuthClients[Any],
) -> None:
    client = await async_auth_client(await async_make_user())

    fresh = await client.get("/recent")
    auth_clock.advance(minutes=6)
    old = await client.get("/recent")
    auth_clock.advance(timedelta(minutes=30))
    expired = await client.get("/api/users/me")

    assert (fresh.status_code, expired.status_code) == (200, 401)
    assert "recent_login_required" in old.text or old.status_code == 401


async def test_a_letter_is_there_with_the_answer(
    auth_mailbox: Mailbox,
    async_make_user: AsyncMakeUser[Any],
    async_auth_client: AsyncAuthClients[Any],
) -> None:
    user = await async_make_user(is_verified=True)
    auth_mailbox.clear()
    client = await async_auth_client()

    await client.post("/api/auth/password/forgot", json={"email": user.email})
    letter = auth_mailbox.last_to(user.email)
    done = await client.post(
        "/api/auth/password/reset",
        json={"token": letter.token, "new_password": "another horse and battery"},
    )

    assert done.status_code == 204, done.text
    assert letter.links[0].endswith(f"#token={letter.token}")
    assert "Example" in letter.subject
    assert letter.html.startswith("<")


async def test_who_is_deactivated_cannot_be_signed_in(
    async_make_user: AsyncMakeUser[Any], async_auth_client: AsyncAuthClients[Any]
) -> None:
    user = await async_make_user(is_active=False)

    with pytest.raises(InactiveUser):
        await async_auth_client(user)


async def test_a_user_made_in_the_tests_session_stays_in_it(
    kit_app: KitApp,
    async_make_user: AsyncMakeUser[Any],
    async_auth_client: AsyncAuthClients[Any],
) -> None:
    async with kit_app.sessions() as session:
        user = await async_make_user(session=session)
        session.add(kit_app.post_model(author_id=user.id, title="Notes"))
        user.name = "Ada"
        await session.commit()
        client = await async_auth_client(user)

    assert (await client.get("/api/users/me")).json()["name"] == "Ada"


async def test_a_user_made_in_the_tests_transaction_goes_with_it(
    kit_app: KitApp, async_make_user: AsyncMakeUser[Any]
) -> None:
    async with kit_app.sessions() as session:
        transaction = await session.begin()
        user = await async_make_user(session=session)
        email = user.email
        await transaction.rollback()
        found = await session.scalar(select(IntUser).where(IntUser.email == email))

    assert found is None


@once
async def test_who_is_not_in_the_database_cannot_be_signed_in(
    kit_app: KitApp,
    async_make_user: AsyncMakeUser[Any],
    async_auth_client: AsyncAuthClients[Any],
) -> None:
    with pytest.raises(ConfigurationError, match="commit yours first"):
        await async_auth_client(IntUser(email="new@example.com"))

    user = await async_make_user()
    async with kit_app.sessions() as session, session.begin():
        await session.delete(await session.get_one(IntUser, user.id))
    with pytest.raises(ConfigurationError, match="no such user"):
        await async_auth_client(user)


@once
async def test_cookies_need_the_feature(
    make_app: Callable[..., KitApp],
) -> None:
    plain = make_app()
    user = await AsyncMakeUser(plain.auth, plain.app)()

    with pytest.raises(ConfigurationError, match=r"add Cookies\(\)"):
        await AsyncAuthClients(plain.auth, plain.app)(user, transport="cookie")


@once
async def test_a_dependency_that_answers_itself_is_named(
    kit_app: KitApp, async_make_user: AsyncMakeUser[Any]
) -> None:
    async def nothing() -> AsyncIterator[None]:
        raise_for_nobody()
        yield

    kit_app.app.dependency_overrides[kit_app.auth.get_session] = nothing

    with pytest.raises(ConfigurationError, match="it answered 418"):
        await async_make_user()


def raise_for_nobody() -> None:
    raise HTTPException(418)


@once
async def test_the_clock_is_set_to_a_moment_in_utc(auth_clock: FrozenClock) -> None:
    assert auth_clock.set(datetime(2030, 1, 1, tzinfo=UTC)) == auth_clock()

    with pytest.raises(ValueError, match="time zone"):
        auth_clock.set(datetime(2030, 1, 1))  # noqa: DTZ001  # that is what is refused
