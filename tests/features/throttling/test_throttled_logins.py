"""Logins are tried so often, and then after a while again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from fastauth_kit import AuthKit, AuthSettings, Routes, get_auth_router
from fastauth_kit.core import http
from fastauth_kit.features.throttling import Limit, Limits, Throttling
from tests.features.throttling.tries import (
    ADA,
    ELSEWHERE,
    HOME,
    LOGIN,
    WRONG,
    assert_too_many,
    counting,
    log_in,
    statuses,
)
from tests.kit_app import PASSWORD, SECRET, KitApp

# counting asks no database; the races in tests/invariants run on all three
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


async def test_the_sixth_wrong_password_in_a_minute_is_refused(kit_app: KitApp) -> None:
    await kit_app.add_user()

    assert await statuses(kit_app, 5) == [401] * 5
    assert_too_many(await log_in(kit_app, WRONG), at_most=61)


async def test_the_right_one_is_refused_too(kit_app: KitApp) -> None:
    """Else the answer would tell that a guess was right."""
    await kit_app.add_user()
    await statuses(kit_app, 5)

    assert_too_many(await log_in(kit_app), at_most=61)


async def test_an_unknown_address_is_counted_alike(kit_app: KitApp) -> None:
    await kit_app.add_user()
    known = [await log_in(kit_app, WRONG) for _ in range(7)]
    unknown = [await log_in(kit_app, WRONG, email="nobody@example.com") for _ in range(7)]

    def shown(answers: list[Any]) -> list[Any]:
        return [(a.status_code, a.content, sorted(a.headers.items())) for a in answers]

    assert shown(known) == shown(unknown)


async def test_spellings_of_an_address_are_one(kit_app: KitApp) -> None:
    spellings = (ADA, ADA.upper(), f" {ADA} ", "Ada@Example.com", "\uff21da@example.com")
    found = [(await log_in(kit_app, WRONG, email=email)).status_code for email in spellings[:4]]
    assert found == [401] * 4
    await log_in(kit_app, WRONG)

    assert [await statuses(kit_app, 1, email=email) for email in spellings[:4]] == [[429]] * 4


async def test_retry_after_is_true(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await statuses(kit_app, 5)
    kit_app.clock.advance(seconds=20)
    wait = assert_too_many(await log_in(kit_app, WRONG), at_most=41)
    kit_app.clock.advance(seconds=wait - 2)
    assert await statuses(kit_app, 1) == [429]
    kit_app.clock.advance(seconds=2)

    assert (await log_in(kit_app)).status_code == 200


async def test_who_hammers_waits_no_longer_for_it(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await statuses(kit_app, 5)
    wait = assert_too_many((await log_in(kit_app, WRONG)), at_most=61)
    assert await statuses(kit_app, 30) == [429] * 30
    kit_app.clock.advance(seconds=wait)

    assert await statuses(kit_app, 5) == [401] * 5


async def test_the_wait_grows(kit_app: KitApp) -> None:
    """From nothing, over a minute and a quarter of an hour, to a day."""
    await kit_app.add_user()
    waits: list[int] = []
    admitted = 0
    while len(waits) < 8:
        answer = await log_in(kit_app, WRONG)
        if answer.status_code == 401:
            admitted += 1
            continue
        waits.append(int(answer.headers["Retry-After"]))
        kit_app.clock.advance(seconds=waits[-1])

    assert [wait // 60 for wait in waits[:6]] == [1, 14, 1, 14, 1, 1408]
    assert admitted >= 30


async def test_no_more_than_thirty_guesses_a_day(kit_app: KitApp) -> None:
    await kit_app.add_user()
    admitted = 0
    end = kit_app.clock.now + timedelta(days=1)
    while True:
        answer = await log_in(kit_app, WRONG)
        if answer.status_code == 401:
            admitted += 1
            continue
        kit_app.clock.advance(seconds=int(answer.headers["Retry-After"]))
        if kit_app.clock.now >= end:
            break

    assert admitted == 30


async def test_good_logins_are_given_back(kit_app: KitApp) -> None:
    await kit_app.add_user()

    assert await statuses(kit_app, 12, PASSWORD) == [200] * 12


async def test_a_good_login_gives_back_its_own_place_only(kit_app: KitApp) -> None:
    """Else an attacker in the same network would begin anew with each login of the owner."""
    await kit_app.add_user()
    await statuses(kit_app, 4)

    assert await statuses(kit_app, 3, PASSWORD) == [200] * 3
    assert await statuses(kit_app, 2) == [401, 429]


async def test_the_owner_gets_in_while_somebody_guesses_elsewhere(kit_app: KitApp) -> None:
    await kit_app.add_user()
    assert await statuses(kit_app, 8, ip=ELSEWHERE) == [401] * 5 + [429] * 3

    assert (await log_in(kit_app)).status_code == 200


async def test_a_64_of_ipv6_is_one_network(kit_app: KitApp) -> None:
    found = [await statuses(kit_app, 1, ip=f"2001:db8::{number:x}:1") for number in range(1, 7)]

    assert found == [[401]] * 5 + [[429]]
    assert await statuses(kit_app, 1, ip="2001:db8:0:1::1") == [401]


async def test_a_mapped_address_is_no_other(kit_app: KitApp) -> None:
    await statuses(kit_app, 5)

    assert await statuses(kit_app, 1, ip=f"::ffff:{HOME}") == [429]


async def test_nobody_hides_behind_a_header(kit_app: KitApp) -> None:
    found = [
        await statuses(kit_app, 1, headers={"X-Forwarded-For": f"198.51.100.{number}"})
        for number in range(6)
    ]

    assert found == [[401]] * 5 + [[429]]


async def test_a_network_tries_many_addresses_so_often(
    make_app: Callable[..., KitApp], store: Any
) -> None:
    limits = Limits(per_network=(Limit(10, timedelta(hours=1)),))
    kit_app = make_app(more_features=(Throttling(store=store, login=limits),))
    found = [
        (await statuses(kit_app, 1, email=f"user{number}@example.com"))[0] for number in range(12)
    ]

    assert found == [401] * 10 + [429] * 2
    assert await statuses(kit_app, 1, ip=ELSEWHERE) == [401]


async def test_who_is_refused_for_the_network_uses_up_no_address(
    make_app: Callable[..., KitApp], store: Any
) -> None:
    hour = timedelta(hours=1)
    limits = Limits(per_address_and_network=(Limit(2, 10 * hour),), per_network=(Limit(1, hour),))
    kit_app = make_app(more_features=(Throttling(store=store, login=limits),))
    assert await statuses(kit_app, 5) == [401, 429, 429, 429, 429]
    kit_app.clock.advance(seconds=3601)

    assert await statuses(kit_app, 1) == [401]


async def test_an_address_that_was_never_typed_is_no_key(kit_app: KitApp) -> None:
    """Whatever is too long for a column is one address: nobody's."""
    found = [await statuses(kit_app, 1, email=f"{number}{'x' * 400}") for number in range(6)]

    assert found == [[401]] * 5 + [[429]]


@pytest.mark.parametrize("path", ["/api/auth//login", "//api/auth/login", "/api/auth/login/"])
async def test_another_spelling_of_the_path_is_no_twin(kit_app: KitApp, path: str) -> None:
    await statuses(kit_app, 5)

    assert await statuses(kit_app, 1, path=path) in ([404], [307])


async def test_a_second_mount_is_no_twin(make_app: Callable[..., KitApp], store: Any) -> None:
    def mount(app: FastAPI, auth: AuthKit[Any]) -> None:
        again = Routes(operation_id_prefix="v2_")
        app.include_router(get_auth_router(auth, routes=again), prefix="/v2")
        inner = FastAPI()
        inner.include_router(get_auth_router(auth))
        app.mount("/inner", inner)

    kit_app = make_app(more_features=(Throttling(store=store),), configure=mount)
    assert await statuses(kit_app, 2) == [401] * 2
    assert await statuses(kit_app, 2, path="/v2/login") == [401] * 2
    assert await statuses(kit_app, 2, path="/inner/login") == [401, 429]

    assert await statuses(kit_app, 1, path="/v2/login") == [429]


async def test_form_and_json_are_one(kit_app: KitApp) -> None:
    await statuses(kit_app, 5)
    async with kit_app.client() as client:
        answer = await client.post(LOGIN, data={"username": ADA, "password": WRONG})

    assert_too_many(answer, at_most=61)


async def test_what_is_refused_reaches_neither_hash_nor_database(kit_app: KitApp) -> None:
    await kit_app.add_user()
    built, counted = counting(kit_app)
    await statuses(built, 5)
    counted.work.clear()
    kit_app.statements.clear()

    await log_in(built, WRONG)

    assert (counted.work, kit_app.statements) == ([], [])


async def test_a_login_that_the_database_runs_again_counts_once(
    make_app: Callable[..., KitApp], store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    limits = Limits(per_address_and_network=(Limit(2, timedelta(hours=1)),))
    kit_app = make_app(more_features=(Throttling(store=store, login=limits),))
    await kit_app.add_user()
    monkeypatch.setattr(http, "_backoff_seconds", lambda _: 0)
    monkeypatch.setattr(http, "is_retryable", lambda error: isinstance(error, OperationalError))
    kit_app, counted = counting(kit_app)
    failing = [OperationalError("", {}, Exception("again"))] * 3
    verify = counted.verify

    def fail_first(secret: str, hash: str, /) -> bool:
        if failing:
            raise failing.pop()
        return verify(secret, hash)

    monkeypatch.setattr(counted, "verify", fail_first)

    assert await statuses(kit_app, 3) == [401, 401, 429]


async def test_two_deployments_with_one_store_count_apart(
    make_app: Callable[..., KitApp], store: Any
) -> None:
    one = make_app(more_features=(Throttling(store=store),))
    other = make_app(
        more_features=(Throttling(store=store),),
        settings=AuthSettings(secret_key=SECRET + " of another deployment"),
    )
    await statuses(one, 5)

    assert await statuses(other, 1) == [401]


async def test_the_documents_say_so_where_it_is_on(
    kit_app: KitApp, make_app: Callable[..., KitApp]
) -> None:
    def documented(built: KitApp) -> set[str]:
        paths = built.app.openapi()["paths"]
        return {
            operation["operationId"]
            for operations in paths.values()
            for operation in operations.values()
            if "429" in operation["responses"]
        }

    assert documented(kit_app) == {
        "login",
        "register",
        "change_password",
        "confirm_password",
        "close_account",
    }
    assert documented(make_app()) == set()
