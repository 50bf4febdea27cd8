"""Routes that send mail, or take what came by mail."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.magic_links import MagicLinks
from fastauth_kit.features.password_reset import PasswordReset
from fastauth_kit.features.throttling import Store, Throttling
from tests.features.throttling.tries import ADA, ELSEWHERE, HOME, assert_too_many
from tests.kit_app import PASSWORD, KitApp, bearer
from tests.mailing import mail_features, mails

SENDING = ("/password/forgot", "/email/verify/request", "/magic-link")
TAKING: dict[str, dict[str, Any]] = {
    "/password/reset": {"new_password": PASSWORD},
    "/email/verify": {},
    "/magic-link/login": {},
}


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp], store: Store) -> KitApp:
    flows = (PasswordReset(), EmailVerification(), MagicLinks())
    return make_app(more_features=(*mail_features(*flows), Throttling(store=store)))


async def send(kit_app: KitApp, path: str, email: str, *, ip: str) -> httpx2.Response:
    async with kit_app.client(ip=ip) as client:
        return await client.post(f"/api/auth{path}", json={"email": email})


@pytest.mark.parametrize("path", SENDING)
@pytest.mark.parametrize("email", [ADA, "nobody@example.com"])
async def test_an_address_is_mailed_so_often_whether_it_has_an_account_or_not(
    kit_app: KitApp, path: str, email: str
) -> None:
    await kit_app.add_user()
    for _ in range(3):
        answer = await send(kit_app, path, email, ip=HOME)
        assert answer.status_code == 202
    sent = len(await mails(kit_app))

    refused = await send(kit_app, path, email, ip=HOME)

    assert_too_many(refused, at_most=901)
    assert len(await mails(kit_app)) == sent


async def test_no_stranger_keeps_the_owner_from_their_mail(kit_app: KitApp) -> None:
    path, day = "/password/forgot", timedelta(days=1)
    await kit_app.add_user()
    begun = kit_app.clock.now
    while kit_app.clock.now < begun + day:
        await send(kit_app, path, ADA, ip=ELSEWHERE)
        kit_app.clock.advance(minutes=4)

    assert (await send(kit_app, path, ADA, ip=ELSEWHERE)).status_code == 429
    assert (await send(kit_app, path, ADA, ip=HOME)).status_code == 202


async def test_a_mailbox_gets_so_many_from_all_networks_together(kit_app: KitApp) -> None:
    found = [
        (await send(kit_app, "/magic-link", ADA, ip=f"198.51.100.{number}")).status_code
        for number in range(31)
    ]

    assert found == [202] * 30 + [429]


@pytest.mark.parametrize("path", SENDING)
async def test_a_network_has_so_many_mails_sent(kit_app: KitApp, path: str) -> None:
    found = [
        (await send(kit_app, path, f"user{number}@example.com", ip=HOME)).status_code
        for number in range(21)
    ]

    assert found == [202] * 20 + [429]
    assert (await send(kit_app, path, ADA, ip=ELSEWHERE)).status_code == 202


@pytest.mark.parametrize("path", TAKING)
async def test_a_network_presents_so_many_tokens(kit_app: KitApp, path: str) -> None:
    body = {"token": "xx.00000000000000000000000000000000." + "A" * 43, **TAKING[path]}
    async with kit_app.client(ip=HOME) as client:
        found = [(await client.post(f"/api/auth{path}", json=body)).status_code for _ in range(30)]
        refused = await client.post(f"/api/auth{path}", json=body)

    assert found == [400] * 30
    assert_too_many(refused, at_most=901)


async def test_confirming_a_password_counts_with_changing_it(kit_app: KitApp) -> None:
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())
    async with kit_app.client() as client:
        answers = [
            await client.post(
                "/api/auth/password/confirm", json={"password": "wrong"}, headers=headers
            )
            for _ in range(6)
        ]

    assert [answer.status_code for answer in answers] == [400] * 5 + [429]
