"""When sessions and access tokens end by themselves, by the clock."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.features.accounts.answers import assert_bad_refresh_token, assert_bad_token
from tests.features.accounts.people import join, session_of
from tests.features.accounts.tokens import claims_of, opens, refresh, rotate
from tests.kit_app import KitApp, bearer

SHORT = {
    "access_token_lifetime": timedelta(minutes=10),
    "idle_lifetime": timedelta(hours=1),
    "absolute_lifetime": timedelta(hours=3),
}


@pytest.fixture
def short(make_app: Any) -> KitApp:
    """An installation with short lifetimes."""
    kit_app: KitApp = make_app(sessions_options=SHORT)
    return kit_app


async def test_expires_in_says_how_long_the_access_token_works(
    short: KitApp,
) -> None:
    ada = await join(short)
    start = datetime.fromtimestamp(claims_of(ada.tokens)["iat"], short.clock.now.tzinfo)
    end = start + timedelta(seconds=ada.tokens["expires_in"])

    async with short.client() as client:
        short.clock.now = end - timedelta(microseconds=1)
        before = await opens(client, ada.tokens)
        short.clock.now = end
        after = await client.get("/api/users/me", headers=ada.headers)

    assert ada.tokens["expires_in"] == 600
    assert before
    assert_bad_token(after)


@pytest.mark.parametrize("moves", [0, 1, 2])
async def test_a_session_that_is_not_refreshed_ends(short: KitApp, moves: int) -> None:
    tokens: Any = (await join(short)).tokens
    async with short.client() as client:
        for _ in range(moves):
            short.clock.advance(minutes=50)
            tokens = await rotate(client, tokens)
        short.clock.advance(hours=1)

        assert_bad_refresh_token(await refresh(client, tokens))


async def test_a_refresh_in_the_last_instant_is_in_time(short: KitApp) -> None:
    ada = await join(short)
    short.clock.advance(hours=1, microseconds=-1)

    async with short.client() as client:
        assert await opens(client, await rotate(client, ada.tokens))


async def test_a_session_ends_after_its_absolute_lifetime_however_often_refreshed(
    short: KitApp,
) -> None:
    tokens: Any = (await join(short)).tokens
    async with short.client() as client:
        for _ in range(5):
            short.clock.advance(minutes=35)
            tokens = await rotate(client, tokens)
        short.clock.advance(minutes=5)

        assert_bad_refresh_token(await refresh(client, tokens))
        assert not await opens(client, tokens)


async def test_an_access_token_does_not_outlive_its_session(short: KitApp) -> None:
    tokens: Any = (await join(short)).tokens
    async with short.client() as client:
        for _ in range(5):
            short.clock.advance(minutes=35)
            tokens = await rotate(client, tokens)
    claims = claims_of(tokens)

    assert tokens["expires_in"] == claims["exp"] - claims["iat"] == 300


async def test_an_access_token_lives_at_least_a_second(short: KitApp) -> None:
    """Its session is checked besides, so that it still opens nothing too long."""
    ada = await join(short)
    async with short.client() as client:
        tokens: Any = ada.tokens
        for _ in range(3):
            short.clock.advance(minutes=59)
            tokens = await rotate(client, tokens)
        short.clock.advance(minutes=2, seconds=59, milliseconds=600)
        tokens = await rotate(client, tokens)
        works = await opens(client, tokens)
        short.clock.advance(milliseconds=400)
        ended = await client.get("/api/users/me", headers=bearer(tokens))

    assert tokens["expires_in"] == 1
    assert works
    assert_bad_token(ended)


async def test_an_access_token_is_blind_to_a_refresh_that_extends_its_session(
    short: KitApp,
) -> None:
    ada = await join(short)
    async with short.client() as client:
        short.clock.advance(minutes=5)
        await rotate(client, ada.tokens)
        short.clock.advance(minutes=5)

        assert not await opens(client, ada.tokens)


async def test_what_expired_is_not_called_revoked(short: KitApp) -> None:
    ada = await join(short)
    short.clock.advance(hours=2)
    async with short.client() as client:
        await refresh(client, ada.tokens)

    assert (await session_of(short, ada)).revoked_at is None


async def test_reuse_of_an_expired_session_is_no_theft(short: KitApp) -> None:
    ada = await join(short)
    async with short.client() as client:
        await rotate(client, ada.tokens)
        short.clock.advance(hours=1)
        assert_bad_refresh_token(await refresh(client, ada.tokens))

    assert (await session_of(short, ada)).revoked_at is None


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (0.000001, 401)])
async def test_the_grace_is_as_long_as_configured(
    make_app: Any, seconds: float, status: int
) -> None:
    kit_app = make_app(sessions_options={"refresh_grace": timedelta(seconds=60)})
    ada = await join(kit_app)
    async with kit_app.client() as client:
        await rotate(client, ada.tokens)
        kit_app.clock.advance(seconds=60 + seconds)
        answer = await refresh(client, ada.tokens)

    assert answer.status_code == status


async def test_without_a_grace_a_token_works_once(make_app: Any) -> None:
    kit_app = make_app(sessions_options={"refresh_grace": timedelta(0)})
    ada = await join(kit_app)
    async with kit_app.client() as client:
        await rotate(client, ada.tokens)
        kit_app.clock.advance(microseconds=1)

        assert_bad_refresh_token(await refresh(client, ada.tokens))


async def test_default_lifetimes_are_those_of_the_documentation(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    row = await session_of(kit_app, ada)

    assert ada.tokens["expires_in"] == 30 * 60
    assert row.idle_expires_at - row.created_at == timedelta(days=14)
    assert row.absolute_expires_at - row.created_at == timedelta(days=90)
