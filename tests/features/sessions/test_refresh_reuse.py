"""Refresh tokens that come back too late, or were never given."""

from typing import Any

import httpx2
import pytest

from fastauth_kit.features.sessions import (
    RefreshTokenReused,
    RevokedReason,
    SessionsRevoked,
)
from tests.features.accounts.answers import (
    assert_bad_refresh_token,
    assert_bad_token,
)
from tests.features.accounts.people import Heard, Person, join, session_of, store
from tests.features.accounts.tokens import REFRESH, opens, refresh, rotate
from tests.kit_app import KitApp, bearer


async def reuse_late(kit_app: KitApp, client: httpx2.AsyncClient, ada: Person) -> Any:
    """Present the direct predecessor too late; return the owner's latest tokens."""
    latest = await rotate(client, ada.tokens)
    kit_app.clock.advance(seconds=10, microseconds=1)
    return latest


async def reuse_old(kit_app: KitApp, client: httpx2.AsyncClient, ada: Person) -> Any:
    """Present the one before, within the grace; return the owner's latest tokens."""
    return await rotate(client, await rotate(client, ada.tokens))


@pytest.mark.parametrize("reuse", [reuse_late, reuse_old])
async def test_a_used_token_that_comes_back_ends_the_session(
    kit_app: KitApp, client: httpx2.AsyncClient, reuse: Any
) -> None:
    ada = await join(kit_app)
    latest = await reuse(kit_app, client, ada)

    assert_bad_refresh_token(await refresh(client, ada.tokens))

    assert_bad_refresh_token(await refresh(client, latest))
    assert_bad_token(await client.get("/api/users/me", headers=bearer(latest)))
    assert (await session_of(kit_app, ada)).revoked_reason == RevokedReason.REUSE


@pytest.mark.parametrize("reuse", [reuse_late, reuse_old])
async def test_reuse_is_told_once(make_app: Any, reuse: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)
    async with kit_app.client() as client:
        await reuse(kit_app, client, ada)
        await refresh(client, ada.tokens)
        await refresh(client, ada.tokens)

    session_id = (await session_of(kit_app, ada)).id
    assert heard.of(RefreshTokenReused) == [RefreshTokenReused(ada.id, session_id)]
    assert heard.of(SessionsRevoked) == [
        SessionsRevoked(ada.id, 1, RevokedReason.REUSE, session_id)
    ]


async def test_reuse_leaves_other_sessions_alone(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    elsewhere = await kit_app.sign_in()
    await reuse_old(kit_app, client, ada)

    await refresh(client, ada.tokens)

    assert await opens(client, await rotate(client, elsewhere))


def spoiled(token: str, other: str, how: str) -> str:
    """Return a token that was never given."""
    kind, session, generation, key_id, mac = token.split(".")
    flipped = ("A" if mac[0] != "A" else "B") + mac[1:]
    return {
        "mac": f"{kind}.{session}.{generation}.{key_id}.{flipped}",
        "generation": f"{kind}.{session}.7.{key_id}.{mac}",
        "older": f"{kind}.{session}.0.{key_id}.{mac}",
        "key": f"{kind}.{session}.{generation}.{'0' * 12}.{mac}",
        "session": f"{kind}.{other.split('.')[1]}.{generation}.{key_id}.{mac}",
        "unknown session": f"{kind}.{'0' * 32}.{generation}.{key_id}.{mac}",
        "cut": token[:-1],
        "longer": token + "A",
        "spaces": f" {token} ",
        "empty": "",
        "letter": "\u00e9",
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "mac",
        "generation",
        "older",
        "key",
        "session",
        "unknown session",
        "cut",
        "longer",
        "spaces",
        "empty",
        "letter",
    ],
)
async def test_a_forged_or_mistyped_token_changes_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient, how: str
) -> None:
    ada = await join(kit_app)
    other = await join(kit_app, "bob@example.com")
    tokens = await rotate(client, await rotate(client, ada.tokens))
    spoilt = spoiled(tokens["refresh_token"], other.tokens["refresh_token"], how)

    assert_bad_refresh_token(await refresh(client, {"refresh_token": spoilt}))

    assert await opens(client, await rotate(client, tokens))
    assert await opens(client, await rotate(client, other.tokens))


async def test_an_access_token_is_no_refresh_token(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    body = {"refresh_token": ada.tokens["access_token"]}

    assert_bad_refresh_token(await client.post(REFRESH, json=body))


async def test_a_deactivated_user_refreshes_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """Also where somebody wrote the flag by hand, and no session was ended."""
    ada = await join(kit_app)
    await store(kit_app, ada.id, is_active=False)

    assert_bad_refresh_token(await refresh(client, ada.tokens))


async def test_a_deactivated_user_gets_no_answer_again(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    await rotate(client, ada.tokens)
    await store(kit_app, ada.id, is_active=False)

    assert_bad_refresh_token(await refresh(client, ada.tokens))
