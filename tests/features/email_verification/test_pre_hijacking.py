"""Who sets an account up with somebody else's address gains nothing once the owner comes.

The shapes are those of "Pre-hijacked accounts" (Sudhodanan and Paverd, USENIX
Security 2022) as far as they concern links in mails.
"""

from collections.abc import Callable

import httpx2
import pytest

from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.one_time_tokens import OneTimeTokens
from fastauth_kit.features.password_reset import PasswordReset
from tests.features.email_verification.test_email_verification import ask, verify
from tests.features.password_reset.test_password_reset import forget, reset
from tests.kit_app import PASSWORD, KitApp, bearer
from tests.mailing import mail_features, mailed_token

VICTIM = "ada@example.com"
OWN = "the owner's own words"


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=mail_features(EmailVerification(), PasswordReset()))


@pytest.fixture
async def stolen(kit_app: KitApp, client: httpx2.AsyncClient) -> dict[str, str]:
    """The tokens of a stranger who registered the victim's address and signed in."""
    body = {"email": VICTIM, "password": PASSWORD}
    assert (await client.post("/api/auth/register", json=body)).status_code == 201
    tokens: dict[str, str] = await kit_app.sign_in()
    return tokens


async def gains_nothing(client: httpx2.AsyncClient, tokens: dict[str, str]) -> None:
    """Check that neither password nor session of the stranger's work any more."""
    login = await client.post("/api/auth/login", json={"email": VICTIM, "password": PASSWORD})
    me = await client.get("/api/users/me", headers=bearer(tokens))
    body = {"refresh_token": tokens["refresh_token"]}
    refresh = await client.post("/api/auth/refresh", json=body)
    assert [login.status_code, me.status_code, refresh.status_code] == [401, 401, 401]


async def test_a_strangers_password_and_session_end_with_the_owners_reset(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: dict[str, str]
) -> None:
    await forget(client)
    assert (await reset(client, await mailed_token(kit_app), OWN)).status_code == 204

    await gains_nothing(client, stolen)
    assert await kit_app.sign_in(password=OWN)


async def test_they_end_with_the_owners_verification(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: dict[str, str]
) -> None:
    """The owner finds the address taken, and asks for a link without being signed in."""
    assert await ask(client) == 202
    assert (await verify(client, await mailed_token(kit_app))).status_code == 204

    await gains_nothing(client, stolen)


async def test_the_owner_goes_on_with_a_password_of_their_own(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: dict[str, str]
) -> None:
    await ask(client)
    await verify(client, await mailed_token(kit_app))

    await forget(client)
    await reset(client, await mailed_token(kit_app), OWN)

    assert await kit_app.sign_in(password=OWN)
    await gains_nothing(client, stolen)


async def test_a_refreshed_session_is_no_younger(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: dict[str, str]
) -> None:
    body = {"refresh_token": stolen["refresh_token"]}
    kept_alive = (await client.post("/api/auth/refresh", json=body)).json()
    await ask(client)
    await verify(client, await mailed_token(kit_app))

    await gains_nothing(client, kept_alive)


@pytest.mark.parametrize("way", ["reset", "verification"])
async def test_what_the_stranger_left_pending_ends(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: dict[str, str], way: str
) -> None:
    """Whatever a token is for: a pending change of the address is one of them."""
    tokens = kit_app.auth.feature(OneTimeTokens)
    if way == "reset":
        await ask(client)
        pending = await mailed_token(kit_app)
        await forget(client)
        await reset(client, await mailed_token(kit_app), OWN)
        answer = await verify(client, pending)
    else:
        await forget(client)
        pending = await mailed_token(kit_app)
        await ask(client)
        await verify(client, await mailed_token(kit_app))
        answer = await reset(client, pending, "a stranger's words")

    assert answer.json()["code"] == "invalid_one_time_token"
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        user = await kit_app.auth.find_user(work, VICTIM)
        assert user is not None
        assert await tokens.void(work, user.id) == 0


async def test_a_link_of_the_registration_ends_when_its_password_changes(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: dict[str, str]
) -> None:
    """It vouches for the password it was sent with, and for no other."""
    link = await mailed_token(kit_app)
    body = {"current_password": PASSWORD, "new_password": "a stranger's words"}
    changed = await client.post("/api/auth/password/change", headers=bearer(stolen), json=body)

    assert changed.status_code == 204
    assert (await verify(client, link)).status_code == 400


async def test_who_was_verified_before_loses_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: dict[str, str]
) -> None:
    """Nobody can sign the owner of a proven account out by asking for links."""
    await verify(client, await mailed_token(kit_app))

    await ask(client)
    await forget(client)

    me = await client.get("/api/users/me", headers=bearer(stolen))
    assert me.json()["is_verified"] is True


async def test_asking_alone_ends_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: dict[str, str]
) -> None:
    await ask(client)
    await forget(client)

    assert (await client.get("/api/users/me", headers=bearer(stolen))).status_code == 200
    assert await kit_app.sign_in()


async def test_a_session_that_asks_for_somebody_elses_link_is_a_stranger_there(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: dict[str, str]
) -> None:
    await kit_app.add_user("eve@example.com")
    eve = await kit_app.sign_in("eve@example.com")

    await ask(client, headers=bearer(eve))
    await verify(client, await mailed_token(kit_app))

    await gains_nothing(client, stolen)
    assert (await client.get("/api/users/me", headers=bearer(eve))).status_code == 200
