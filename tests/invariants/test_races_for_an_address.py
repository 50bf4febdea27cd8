"""Many who prove one address at once, each on a database connection of its own."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest

from fastauth_kit.features.email_change import EmailChange
from fastauth_kit.features.private_registration import PrivateRegistration
from tests.features.email_change.flow import ADA, NEW, ask, confirm, undo
from tests.features.private_registration.flow import count, register, verify
from tests.invariants.crowd import (
    EVERY_DATABASE,
    Meeting,
    codes,
    crowd_options,
    open_connections,
    together,
)
from tests.kit_app import IntPendingRegistration, KitApp
from tests.mailing import mail_features, mailed_token
from tests.servers.modes import Mode

LOST = (400, "invalid_one_time_token")


@pytest.fixture
def crowd_app(make_app: Callable[..., KitApp], isolation: Mode) -> KitApp:
    flows = (EmailChange(), PrivateRegistration(model=IntPendingRegistration))
    return make_app(more_features=mail_features(*flows), **crowd_options(isolation))


def presenting(
    client: httpx2.AsyncClient,
    present: Callable[[httpx2.AsyncClient, str], Awaitable[httpx2.Response]],
    token: str,
) -> Callable[[], Awaitable[httpx2.Response]]:
    return lambda: present(client, token)


@EVERY_DATABASE
async def test_of_many_accounts_that_move_to_one_address_one_gets_it(crowd_app: KitApp) -> None:
    count = 6
    tokens: list[str] = []
    await open_connections(crowd_app, count)
    async with crowd_app.client() as client:
        for number in range(count):
            email = f"user{number}@example.com"
            await crowd_app.add_user(email)
            await ask(client, await crowd_app.sign_in(email))
            tokens.append(await mailed_token(crowd_app, NEW))
        Meeting(crowd_app, "FROM int_one_time_tokens").expect(count)

        answers = await together(*[presenting(client, confirm, token) for token in tokens])

        assert codes(answers) == [(204, "")] + [(400, "email_taken")] * (count - 1)
        assert await crowd_app.sign_in(NEW)


@EVERY_DATABASE
async def test_a_way_back_is_gone_once_and_leaves_no_younger_one(crowd_app: KitApp) -> None:
    """Beside it, the thief confirms a second change of address."""
    await crowd_app.add_user(is_verified=True)
    await open_connections(crowd_app, 4)
    async with crowd_app.client() as client:
        await ask(client, await crowd_app.sign_in())
        await confirm(client, await mailed_token(crowd_app, NEW))
        crowd_app.clock.advance(minutes=1)
        back = await mailed_token(crowd_app)
        await ask(client, await crowd_app.sign_in(NEW), "third@example.com")
        onwards = await mailed_token(crowd_app, "third@example.com")

        moved, *backs = await together(
            presenting(client, confirm, onwards), *[presenting(client, undo, back)] * 3
        )

        assert codes(backs) == [(204, "")] + [LOST] * 2
        assert codes([moved])[0] in {(204, ""), LOST}
        assert await crowd_app.sign_in(ADA, "the owner's own words")
        younger = await mailed_token(crowd_app, NEW)
        if younger.startswith("eu."):
            assert codes([await undo(client, younger)]) == [LOST]


@EVERY_DATABASE
async def test_of_many_registrations_that_are_confirmed_one_makes_the_account(
    crowd_app: KitApp,
) -> None:
    """Of two that wait for one mailbox, each presented three times."""
    await open_connections(crowd_app, 6)
    async with crowd_app.client() as client:
        tokens: list[str] = []
        for number in range(2):
            await register(client, password=f"wholly unlikely {number}")
            tokens.append(await mailed_token(crowd_app))
        Meeting(crowd_app, "INSERT INTO int_users").expect(6)

        answers = await together(*[presenting(client, verify, token) for token in tokens * 3])

        assert codes(answers) == [(204, "")] + [LOST] * 5
        assert await count(crowd_app, crowd_app.user_model) == 1
        assert await count(crowd_app, IntPendingRegistration) == 0
