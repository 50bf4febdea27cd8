"""What a caller's tests write, with the fixtures of the test kit."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import assert_type

from fastapi import FastAPI

from fastauth_kit import AuthKit
from fastauth_kit.surfaces.testing import (
    AsyncAuthClients,
    AsyncMakeUser,
    AuthAsyncClient,
    AuthClients,
    AuthTestClient,
    AuthTesting,
    FrozenClock,
    Letter,
    Mailbox,
    MakeUser,
    RunningApp,
    assert_requires_login,
    assert_requires_superuser,
    login_required_routes,
    under_test,
)
from tests.typing.int_app import User


def fixture_of_ones_own(auth: AuthKit[User], app: FastAPI) -> Iterator[RunningApp[User]]:
    with under_test(auth, start=datetime(2030, 1, 1, tzinfo=UTC)) as given:
        assert_type(given, AuthTesting)
        with RunningApp(auth, app) as running:
            assert_type(running, RunningApp[User])
            assert_type(running.make_user, MakeUser[User])
            yield running


def test_in_sync(make_user: MakeUser[User], auth_client: AuthClients[User]) -> None:
    user = make_user(is_superuser=True, name="Ada")
    assert_type(user, User)
    client = auth_client(user, transport="cookie", methods=("pwd", "otp"))
    assert_type(client, AuthTestClient)
    assert_type(client.get("/hello").status_code, int)
    if client.tokens is not None:
        assert_type(client.tokens.refresh_token, str)
    assert_requires_superuser(client, under="/admin")


async def test_awaited(
    async_make_user: AsyncMakeUser[User], async_auth_client: AsyncAuthClients[User]
) -> None:
    user = await async_make_user()
    assert_type(user, User)
    assert_type(await async_auth_client(user), AuthAsyncClient)


def test_of_time_and_mail(auth_clock: FrozenClock, auth_mailbox: Mailbox) -> None:
    assert_type(auth_clock.advance(minutes=31), datetime)
    assert_type(auth_mailbox.last_to("ada@example.com"), Letter)
    assert_type(auth_mailbox.last_to("ada@example.com").token, str)


def test_of_routes(app: FastAPI) -> None:
    assert_requires_login(app, except_=["/health"])
    for route in login_required_routes(app):
        assert_type(str(route), str)
