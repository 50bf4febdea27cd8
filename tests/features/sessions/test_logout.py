"""The end of a session by its own user."""

import asyncio
from typing import Any

import httpx2
import pytest

from fastauth_kit.features.sessions import RevokedReason, SessionsRevoked
from tests.features.accounts.answers import (
    assert_bad_refresh_token,
    assert_bad_token,
    assert_done,
    assert_invalid,
    assert_no_credential,
    assert_refused,
)
from tests.features.accounts.people import Heard, join, session_of, store
from tests.features.accounts.tokens import opens, refresh, rotate
from tests.kit_app import KitApp

LOGOUT = "/api/auth/logout"


async def log_out_by_refresh_token(client: httpx2.AsyncClient, tokens: Any) -> httpx2.Response:
    return await client.post(LOGOUT, json={"refresh_token": tokens["refresh_token"]})


async def test_logout_ends_the_session_at_once(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)

    assert_done(await client.post(LOGOUT, headers=ada.headers))

    assert_bad_token(await client.get("/api/users/me", headers=ada.headers))
    assert_bad_refresh_token(await refresh(client, ada.tokens))
    assert (await session_of(kit_app, ada)).revoked_reason == RevokedReason.LOGOUT


async def test_logout_ends_no_other_session(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    bob = await join(kit_app, "bob@example.com")
    elsewhere = await kit_app.sign_in()

    await client.post(LOGOUT, headers=ada.headers)

    assert await opens(client, elsewhere)
    assert await opens(client, bob.tokens)


async def test_logging_out_twice_is_refused(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    await client.post(LOGOUT, headers=ada.headers)

    assert_bad_token(await client.post(LOGOUT, headers=ada.headers))


async def test_logout_is_told_once(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)
    async with kit_app.client() as client:
        await client.post(LOGOUT, headers=ada.headers)
        await client.post(LOGOUT, headers=ada.headers)

    session_id = (await session_of(kit_app, ada)).id
    assert heard.of(SessionsRevoked) == [
        SessionsRevoked(ada.id, 1, RevokedReason.LOGOUT, session_id)
    ]


@pytest.mark.parametrize("body", [None, {}, {"refresh_token": None}])
async def test_logout_wants_a_credential(client: httpx2.AsyncClient, body: Any) -> None:
    assert_no_credential(await client.post(LOGOUT, json=body))


async def test_an_expired_access_token_alone_logs_nobody_out(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    kit_app.clock.advance(minutes=30)

    assert_bad_token(await client.post(LOGOUT, headers=ada.headers))

    assert await opens(client, await rotate(client, ada.tokens))


@pytest.mark.parametrize("with_access_token", [True, False])
async def test_the_refresh_token_logs_out_when_the_access_token_has_expired(
    kit_app: KitApp, client: httpx2.AsyncClient, with_access_token: bool
) -> None:
    ada = await join(kit_app)
    kit_app.clock.advance(minutes=30)
    body = {"refresh_token": ada.tokens["refresh_token"]}

    answer = await client.post(
        LOGOUT, json=body, headers=ada.headers if with_access_token else None
    )

    assert_done(answer)
    assert_bad_refresh_token(await refresh(client, ada.tokens))


async def test_an_older_refresh_token_logs_out_too(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """To end one's own session is never theft."""
    ada = await join(kit_app)
    latest = await rotate(client, await rotate(client, ada.tokens))

    assert_done(await log_out_by_refresh_token(client, ada.tokens))

    assert not await opens(client, latest)
    assert (await session_of(kit_app, ada)).revoked_reason == RevokedReason.LOGOUT


async def test_logging_out_twice_by_refresh_token_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    await log_out_by_refresh_token(client, ada.tokens)

    assert_bad_refresh_token(await log_out_by_refresh_token(client, ada.tokens))


@pytest.mark.parametrize("token", ["", "rt", "rt." + "0" * 32 + ".0." + "0" * 12 + "." + "m" * 43])
async def test_a_refresh_token_that_nobody_gave_logs_nobody_out(
    kit_app: KitApp, client: httpx2.AsyncClient, token: str
) -> None:
    ada = await join(kit_app)

    assert_bad_refresh_token(await client.post(LOGOUT, json={"refresh_token": token}))

    assert await opens(client, ada.tokens)


async def test_a_forged_refresh_token_logs_nobody_out(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """A session id is no secret: it is in every list and in every access token."""
    ada = await join(kit_app)
    token = ada.tokens["refresh_token"]
    flipped = token[:-43] + ("A" if token[-43] != "A" else "B") + token[-42:]

    assert_bad_refresh_token(await client.post(LOGOUT, json={"refresh_token": flipped}))

    assert await opens(client, ada.tokens)


async def test_an_access_token_that_works_decides_which_session_ends(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    bob = await join(kit_app, "bob@example.com")
    body = {"refresh_token": bob.tokens["refresh_token"]}

    assert_done(await client.post(LOGOUT, json=body, headers=ada.headers))

    assert not await opens(client, ada.tokens)
    assert await opens(client, bob.tokens)


async def test_a_deactivated_user_has_nothing_to_log_out_of(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    await store(kit_app, ada.id, is_active=False)

    assert_bad_refresh_token(await log_out_by_refresh_token(client, ada.tokens))


async def test_two_authorization_headers_are_ambiguous(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    (header,) = ada.headers.items()

    answer = await client.post(LOGOUT, headers=[header, header])

    assert_refused(answer, 400, "ambiguous_credentials")


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("token", [7, ["a"], "a\x00b"])
async def test_a_refresh_token_that_is_no_text_is_bad_input(
    client: httpx2.AsyncClient, token: Any
) -> None:
    answer = await client.post(LOGOUT, json={"refresh_token": token})

    assert_invalid(answer, ("body", "refresh_token"))
    assert "a\\u0000b" not in answer.text


async def test_one_of_two_logouts_at_once_is_the_one(
    kit_app: KitApp,
) -> None:
    ada = await join(kit_app)

    async with kit_app.client() as first, kit_app.client() as second:
        answers = await asyncio.gather(
            first.post(LOGOUT, headers=ada.headers),
            log_out_by_refresh_token(second, ada.tokens),
        )

    assert sorted(answer.status_code for answer in answers) == [204, 401]
