"""What is limited beside logins."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from fastauth_kit import Attempt, AttemptKind, AuthSettings, Device, TooManyAttempts
from fastauth_kit.core.guards import admit
from fastauth_kit.features.throttling import Limit, Limits, Throttling
from tests.features.throttling.tries import (
    ADA,
    ELSEWHERE,
    HOME,
    WRONG,
    assert_too_many,
    counting,
    statuses,
)
from tests.kit_app import PASSWORD, SECRET, KitApp, bearer

HOUR = timedelta(hours=1)


async def register(kit_app: KitApp, email: str, *, ip: str = HOME) -> httpx2.Response:
    async with kit_app.client(ip=ip) as client:
        body = {"email": email, "password": PASSWORD}
        return await client.post("/api/auth/register", json=body)


async def test_a_network_registers_so_many_accounts(kit_app: KitApp) -> None:
    """Good ones count too: filling the table is what it is about."""
    found = [
        (await register(kit_app, f"user{number}@example.com")).status_code for number in range(21)
    ]

    assert found == [201] * 20 + [429]
    assert (await register(kit_app, ADA, ip=ELSEWHERE)).status_code == 201


async def test_an_address_is_registered_so_often_from_wherever(kit_app: KitApp) -> None:
    found = [
        (await register(kit_app, ADA, ip=f"198.51.100.{number}")).status_code for number in range(6)
    ]

    assert found == [201] + [400] * 4 + [429]
    assert_too_many(await register(kit_app, ADA), at_most=3601)


async def test_a_registration_refused_hashes_nothing(kit_app: KitApp) -> None:
    built, counted = counting(kit_app)
    for number in range(20):
        await register(built, f"user{number}@example.com")
    counted.work.clear()
    kit_app.statements.clear()

    await register(built, ADA)

    assert (counted.work, kit_app.statements) == ([], [])


async def change(kit_app: KitApp, headers: dict[str, str], current: str) -> httpx2.Response:
    body = {"current_password": current, "new_password": "another horse battery"}
    async with kit_app.client() as client:
        return await client.post("/api/auth/password/change", json=body, headers=headers)


async def close(kit_app: KitApp, headers: dict[str, str], password: str) -> httpx2.Response:
    async with kit_app.client() as client:
        return await client.request(
            "DELETE", "/api/users/me", json={"password": password}, headers=headers
        )


async def test_who_is_signed_in_guesses_the_password_so_often(kit_app: KitApp) -> None:
    """Whichever route asks for it."""
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())

    assert [(await change(kit_app, headers, WRONG)).status_code for _ in range(3)] == [400] * 3
    assert [(await close(kit_app, headers, WRONG)).status_code for _ in range(2)] == [400] * 2
    assert_too_many(await change(kit_app, headers, PASSWORD), at_most=61)
    assert_too_many(await close(kit_app, headers, PASSWORD), at_most=61)


async def test_somebody_else_may_still_confirm_theirs(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await kit_app.add_user("bob@example.com")
    headers = bearer(await kit_app.sign_in())
    for _ in range(6):
        await change(kit_app, headers, WRONG)

    other = bearer(await kit_app.sign_in("bob@example.com"))
    assert (await change(kit_app, other, PASSWORD)).status_code == 204


async def test_the_right_password_is_given_back(kit_app: KitApp) -> None:
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())
    for _ in range(4):
        await change(kit_app, headers, WRONG)
    assert (await change(kit_app, headers, PASSWORD)).status_code == 204
    await kit_app.auth.after_commit.drain()

    codes = [(await change(kit_app, headers, WRONG)).status_code for _ in range(2)]
    assert codes == [400, 429]


async def test_no_connection_is_held_while_the_store_is_asked(
    make_app: Callable[..., KitApp], store: Any
) -> None:
    held: list[int] = []

    class Watching(Throttling):
        async def admit(self, auth: Any, attempt: Attempt) -> None:
            held.append(kit_app.app_engine.pool.checkedout())  # type: ignore[attr-defined]  # of every pool that counts
            await super().admit(auth, attempt)

    kit_app = make_app(more_features=(Watching(store=store),))
    await register(kit_app, ADA)
    headers = bearer(await kit_app.sign_in())
    await change(kit_app, headers, WRONG)
    await close(kit_app, headers, WRONG)

    assert held == [0] * 4


@pytest.mark.parametrize("kind", list(AttemptKind))
async def test_every_kind_of_attempt_has_a_limit(kit_app: KitApp, kind: AttemptKind) -> None:
    """Also those of routes that are not here yet."""
    attempt = Attempt(kind, "some_route", Device(ip=HOME), address=ADA, user_id=7)

    async def many() -> None:
        for _ in range(200):
            await admit(kit_app.auth, attempt)

    with pytest.raises(TooManyAttempts):
        await many()


async def test_a_mailbox_gets_so_many_mails(kit_app: KitApp) -> None:
    """From wherever they are asked for, for an address with or without an account."""
    for number in range(30):
        device = Device(ip=f"198.51.100.{number}")
        mail = Attempt(AttemptKind.MAIL, "forgot_password", device, address=ADA)
        await admit(kit_app.auth, mail)

    with pytest.raises(TooManyAttempts):
        await admit(kit_app.auth, mail)


async def test_operations_are_counted_apart(kit_app: KitApp) -> None:
    for operation in ("forgot_password", "request_magic_link"):
        mail = Attempt(AttemptKind.MAIL, operation, Device(ip=HOME), address=ADA)
        for _ in range(3):
            await admit(kit_app.auth, mail)
        with pytest.raises(TooManyAttempts):
            await admit(kit_app.auth, mail)


async def test_who_has_no_address_shares_a_budget(kit_app: KitApp) -> None:
    """Better one for all of them than none."""
    for peer in (None, "testclient", "/run/app.sock") * 10:
        await admit(kit_app.auth, Attempt(AttemptKind.TOKEN, "reset", Device(ip=peer)))

    with pytest.raises(TooManyAttempts):
        await admit(kit_app.auth, Attempt(AttemptKind.TOKEN, "reset", Device()))


async def test_the_address_behind_a_trusted_proxy_is_counted(
    make_app: Callable[..., KitApp], store: Any
) -> None:
    kit_app = make_app(
        more_features=(Throttling(store=store),),
        settings=AuthSettings(secret_key=SECRET, trusted_proxies=1),
    )
    behind = [{"X-Forwarded-For": f"1.1.1.{n}, 198.51.100.1"} for n in range(6)]

    assert [(await statuses(kit_app, 1, headers=h))[0] for h in behind] == [401] * 5 + [429]
    assert await statuses(kit_app, 1, headers={"X-Forwarded-For": "198.51.100.2"}) == [401]


async def test_what_is_not_limited_is_not_counted(
    make_app: Callable[..., KitApp], store: Any
) -> None:
    kit_app = make_app(more_features=(Throttling(store=store, login=Limits()),))

    assert await statuses(kit_app, 12) == [401] * 12


async def test_limits_of_ones_own(make_app: Callable[..., KitApp], store: Any) -> None:
    limits = Limits(per_address=(Limit(2, HOUR),))
    kit_app = make_app(more_features=(Throttling(store=store, login=limits),))

    assert await statuses(kit_app, 1) == [401]
    assert await statuses(kit_app, 2, ip=ELSEWHERE) == [401, 429]
