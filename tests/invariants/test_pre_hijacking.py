"""Who sets an account up with somebody else's address gains nothing once the owner comes.

The shapes are those of "Pre-hijacked accounts" (Sudhodanan and Paverd, USENIX
Security 2022), with every feature on. What remains is in the security model.
"""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.private_registration import PrivateRegistration
from tests.features.email_change.flow import ask as ask_to_change
from tests.features.email_change.flow import confirm
from tests.features.email_verification.test_email_verification import ask, verify
from tests.features.password_reset.test_password_reset import forget, reset
from tests.kit_app import (
    PASSWORD,
    IntLoginFailure,
    IntPendingRegistration,
    KitApp,
    bearer,
)
from tests.mailing import every_feature, mailed_token, once

VICTIM, EVE = "ada@example.com", "eve@example.com"
OWN = "the owner's own words"

Tokens = dict[str, Any]


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=(*every_feature(), Lockout(model=IntLoginFailure)))


@pytest.fixture
async def stolen(kit_app: KitApp, client: httpx2.AsyncClient) -> Tokens:
    """The tokens of a stranger who registered the victim's address and signed in."""
    body = {"email": VICTIM, "password": PASSWORD}
    assert (await client.post("/api/auth/register", json=body)).status_code == 201
    tokens: Tokens = await kit_app.sign_in()
    return tokens


async def recover(kit_app: KitApp, client: httpx2.AsyncClient, email: str = VICTIM) -> None:
    """Do what the owner does who finds the address taken: choose a password by mail."""
    await forget(client, email)
    assert (await reset(client, await mailed_token(kit_app, email), OWN)).status_code == 204


async def open_magic_link(kit_app: KitApp, client: httpx2.AsyncClient) -> Tokens:
    await client.post("/api/auth/magic-link", json={"email": VICTIM})
    body = {"token": await mailed_token(kit_app)}
    answer = await client.post("/api/auth/magic-link/login", json=body)
    assert answer.status_code == 200
    tokens: Tokens = answer.json()
    return tokens


async def gains_nothing(client: httpx2.AsyncClient, tokens: Tokens) -> None:
    """Check that neither password nor session of the stranger's work any more."""
    login = await client.post("/api/auth/login", json={"email": VICTIM, "password": PASSWORD})
    me = await client.get("/api/users/me", headers=bearer(tokens))
    body = {"refresh_token": tokens["refresh_token"]}
    refresh = await client.post("/api/auth/refresh", json=body)
    assert [login.status_code, me.status_code, refresh.status_code] == [401, 401, 401]


async def owner_of(client: httpx2.AsyncClient, tokens: Tokens) -> str:
    """Return the address of the account that a session belongs to."""
    email: str = (await client.get("/api/users/me", headers=bearer(tokens))).json()["email"]
    return email


async def test_a_strangers_password_ends_with_the_owners_reset(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: Tokens
) -> None:
    await recover(kit_app, client)

    await gains_nothing(client, stolen)
    assert await kit_app.sign_in(password=OWN)


async def test_it_ends_with_the_owners_magic_link(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: Tokens
) -> None:
    owners = await open_magic_link(kit_app, client)

    await gains_nothing(client, stolen)
    assert await owner_of(client, owners) == VICTIM


async def test_it_ends_with_a_verification_that_nobody_signed_in_asked_for(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: Tokens
) -> None:
    """The owner goes on with a password of their own."""
    assert await ask(client) == 202
    assert (await verify(client, await mailed_token(kit_app))).status_code == 204
    await gains_nothing(client, stolen)

    await recover(kit_app, client)

    assert await kit_app.sign_in(password=OWN)
    await gains_nothing(client, stolen)


async def test_a_session_that_was_kept_alive_is_no_younger(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: Tokens
) -> None:
    for _ in range(2):
        kit_app.clock.advance(minutes=20)
        body = {"refresh_token": stolen["refresh_token"]}
        stolen = (await client.post("/api/auth/refresh", json=body)).json()
    assert await owner_of(client, stolen) == VICTIM

    await open_magic_link(kit_app, client)

    await gains_nothing(client, stolen)


@pytest.mark.parametrize("way", ["reset", "magic link", "verification"])
async def test_what_the_stranger_left_pending_ends(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: Tokens, way: str
) -> None:
    """A change of the address to the stranger's mailbox, and every link that is out."""
    await ask_to_change(client, stolen, EVE)
    change = await mailed_token(kit_app, EVE)
    await forget(client)
    older_reset = await mailed_token(kit_app)

    if way == "reset":
        await recover(kit_app, client)
    elif way == "magic link":
        await open_magic_link(kit_app, client)
    else:
        await ask(client)
        await verify(client, await mailed_token(kit_app))

    for answer in (await confirm(client, change), await reset(client, older_reset, "stranger's")):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_one_time_token")
    await gains_nothing(client, stolen)


async def test_a_change_to_the_owners_address_does_not_reach_the_owners_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """Pending at an account of the stranger's, while the owner makes one and proves it."""
    await kit_app.add_user(EVE, is_verified=True)
    eve = await kit_app.sign_in(EVE)
    await ask_to_change(client, eve, VICTIM)
    pending = await mailed_token(kit_app)
    body = {"email": VICTIM, "password": OWN}
    assert (await client.post("/api/auth/register", json=body)).status_code == 201
    await verify(client, await mailed_token(kit_app))
    ada = await kit_app.sign_in(password=OWN)

    answer = await confirm(client, pending, eve)

    assert (answer.status_code, answer.json()["code"]) == (400, "email_taken")
    assert (await owner_of(client, eve), await owner_of(client, ada)) == (EVE, VICTIM)


async def test_an_earlier_registration_of_the_owners_address_waits_in_vain(
    make_app: Callable[..., KitApp],
) -> None:
    """Private registration: the owner's click makes the owner's account, with their password."""
    private = PrivateRegistration(model=IntPendingRegistration)
    kit_app = make_app(more_features=(*every_feature(), private))
    async with kit_app.client() as client:
        await client.post("/api/auth/register", json={"email": VICTIM, "password": PASSWORD})
        strangers = await mailed_token(kit_app)
        await client.post("/api/auth/register", json={"email": VICTIM, "password": OWN})

        made = await verify(client, await mailed_token(kit_app))

        assert made.status_code == 204
        assert (await verify(client, strangers)).status_code == 400
        login = {"email": VICTIM, "password": PASSWORD}
        assert (await client.post("/api/auth/login", json=login)).status_code == 401
        assert await kit_app.sign_in(password=OWN)


@once
async def test_a_link_of_the_registration_ends_when_its_password_changes(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: Tokens
) -> None:
    """It vouches for the password it was sent with, and for no other."""
    link = await mailed_token(kit_app)
    body = {"current_password": PASSWORD, "new_password": "a stranger's words"}
    changed = await client.post("/api/auth/password/change", headers=bearer(stolen), json=body)

    assert changed.status_code == 204
    assert (await verify(client, link)).status_code == 400


@once
async def test_who_was_verified_before_loses_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: Tokens
) -> None:
    """Nobody can sign the owner of a proven account out by asking for links."""
    await verify(client, await mailed_token(kit_app))

    await ask(client)
    await forget(client)

    me = await client.get("/api/users/me", headers=bearer(stolen))
    assert me.json()["is_verified"] is True


@once
async def test_asking_alone_ends_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: Tokens
) -> None:
    await ask(client)
    await forget(client)

    assert await owner_of(client, stolen) == VICTIM
    assert await kit_app.sign_in()


@once
async def test_a_session_that_asks_for_somebody_elses_link_is_a_stranger_there(
    kit_app: KitApp, client: httpx2.AsyncClient, stolen: Tokens
) -> None:
    await kit_app.add_user(EVE)
    eve = await kit_app.sign_in(EVE)

    await ask(client, headers=bearer(eve))
    await verify(client, await mailed_token(kit_app))

    await gains_nothing(client, stolen)
    assert await owner_of(client, eve) == EVE
