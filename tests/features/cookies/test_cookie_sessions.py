"""A session in cookies, from the login to the logout."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from fastauth_kit.features.cookies import Cookies
from fastauth_kit.features.sessions import RevokedReason
from tests.features.accounts.answers import (
    TOKENS,
    assert_bad_refresh_token,
    assert_bad_token,
    assert_done,
    assert_invalid,
    assert_no_credential,
    assert_refused,
)
from tests.features.cookies.browsing import (
    ADA,
    BY_COOKIE,
    CSRF,
    LOGIN,
    LOGOUT,
    ME,
    OWN,
    REFRESH,
    cookies_of,
    log_in,
    sent,
    signed_in,
    values_of,
)
from tests.kit_app import KitApp


def attributes(answer: httpx2.Response) -> dict[str, set[str]]:
    """Return each cookie and what stands after its value."""
    found = {}
    for header in answer.headers.get_list("set-cookie"):
        pair, *rest = header.split("; ")
        found[pair.partition("=")[0]] = {part.lower() for part in rest}
    return found


async def test_a_login_sets_three_cookies_and_shows_no_token(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    answer = await signed_in(kit_app, client)

    assert attributes(answer) == {
        "__Host-access": {"httponly", "secure", "path=/", "samesite=lax", "max-age=1800"},
        "__Secure-refresh": {
            "httponly",
            "secure",
            "path=/api/auth/refresh",
            "samesite=strict",
            "max-age=1209600",
        },
        "__Host-csrf": {"secure", "path=/", "samesite=lax", "max-age=1209600"},
    }
    values = values_of(answer)
    assert answer.json() == {
        "token_type": "cookie",
        "expires_in": 1800,
        "csrf_token": values["csrf"],
    }
    assert answer.headers["cache-control"] == "no-store"
    assert values["access"] not in answer.text
    assert values["refresh"] not in answer.text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"same_site": "strict"}, ("__Host-access", "__Secure-refresh", "strict", "strict", True)),
        (
            {"same_site": "none", "origins": ["https://app.example.com"]},
            ("__Host-access", "__Secure-refresh", "none", "none", True),
        ),
        (
            {"secure": False, "access_name": "a", "refresh_name": "r", "csrf_name": "c"},
            ("a", "r", "lax", "strict", False),
        ),
    ],
)
async def test_the_attributes_follow_the_options(
    make_cookie_app: Callable[..., KitApp], options: Any, expected: tuple[Any, ...]
) -> None:
    kit_app = make_cookie_app(**options)
    access, refresh, same_site, of_refresh, secure = expected
    async with kit_app.client() as client:
        found = attributes(await signed_in(kit_app, client))

    assert f"samesite={same_site}" in found[access]
    assert f"samesite={of_refresh}" in found[refresh]
    assert all(("secure" in given) is secure for given in found.values())
    assert len(found) == 3


async def test_nobody_gets_cookies_who_does_not_ask(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()

    for headers in ({}, {"X-Auth-Transport": "bearer"}):
        answer = await client.post(LOGIN, json=ADA, headers=headers)
        renewed = await client.post(REFRESH, json={"refresh_token": answer.json()["refresh_token"]})
        for given in (answer, renewed):
            assert set(given.json()) == TOKENS
            assert "set-cookie" not in given.headers


async def test_without_the_feature_the_header_says_nothing(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app()
    await kit_app.add_user()
    async with kit_app.client() as client:
        answer = await log_in(client)

    assert set(answer.json()) == TOKENS
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("value", ["Cookie", "cookie, cookie", "", "session"])
async def test_another_transport_is_not_known(
    kit_app: KitApp, client: httpx2.AsyncClient, value: str
) -> None:
    await kit_app.add_user()

    answer = await client.post(LOGIN, json=ADA, headers={"X-Auth-Transport": value})

    assert_invalid(answer, ("header", "x-auth-transport"))


async def test_asking_twice_is_ambiguous(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    (header,) = BY_COOKIE.items()

    answer = await client.post(LOGIN, json=ADA, headers=[header, header])

    assert_refused(answer, 400, "ambiguous_credentials")


async def test_a_request_with_cookies_costs_one_statement(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await signed_in(kit_app, client)
    kit_app.statements.clear()

    answer = await client.get(ME)

    assert answer.json()["email"] == "ada@example.com"
    assert len(kit_app.statements) == 1


async def test_a_refresh_by_cookie_sets_the_successors(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    first = await signed_in(kit_app, client)
    kit_app.clock.advance(minutes=30)
    assert_bad_token(await client.get(ME))

    answer = await client.post(REFRESH, headers=OWN)

    assert set(answer.json()) == {"token_type", "expires_in", "csrf_token"}
    assert answer.headers["cache-control"] == "no-store"
    assert values_of(answer)["refresh"] != values_of(first)["refresh"]
    assert values_of(answer)["csrf"] == values_of(first)["csrf"]
    assert (await client.get(ME)).status_code == 200


async def test_what_came_by_cookie_never_goes_back_in_a_body(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """A script that got into the page may ask for it; it must not get to read the tokens."""
    await signed_in(kit_app, client)

    answer = await client.post(REFRESH, headers={**OWN, "X-Auth-Transport": "bearer"})

    assert answer.json()["token_type"] == "cookie"


async def test_a_client_may_change_over_to_cookies(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    tokens = await kit_app.sign_in()
    body = {"refresh_token": tokens["refresh_token"]}

    answer = await client.post(REFRESH, json=body, headers={**OWN, **BY_COOKIE})

    assert answer.json()["token_type"] == "cookie"
    assert (await client.get(ME)).status_code == 200


async def test_two_tabs_that_refresh_at_once_get_the_same_successor(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    values = values_of(await signed_in(kit_app, client))
    tab = {**sent(refresh=values["refresh"], csrf=values["csrf"]), **OWN}

    async with kit_app.client() as one, kit_app.client() as other:
        answers = await asyncio.gather(
            *(page.post(REFRESH, headers=tab) for page in (one, other, one, other))
        )

    assert {answer.status_code for answer in answers} == {200}
    assert len({values_of(answer)["refresh"] for answer in answers}) == 1


async def test_a_stolen_refresh_cookie_that_is_used_later_ends_the_session(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    values = values_of(await signed_in(kit_app, client))
    await client.post(REFRESH, headers=OWN)
    kit_app.clock.advance(seconds=11)

    async with kit_app.client() as thief:
        stolen = sent(refresh=values["refresh"], csrf=values["csrf"])
        assert_bad_refresh_token(await thief.post(REFRESH, headers={**stolen, **OWN}))

    assert_bad_token(await client.get(ME))
    async with kit_app.sessions() as session:
        reason = await session.scalar(select(kit_app.session_model.revoked_reason))
    assert reason == RevokedReason.REUSE


async def test_a_refresh_cookie_and_a_body_are_ambiguous(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    values = values_of(await signed_in(kit_app, client))
    body = {"refresh_token": values["refresh"]}

    assert_refused(await client.post(REFRESH, json=body, headers=OWN), 400, "ambiguous_credentials")

    assert (await client.post(REFRESH, headers=OWN)).status_code == 200


@pytest.mark.parametrize("value", ["", "rt", "x" * 60_000, '"rt"', "caf\xe9"])
async def test_a_refresh_cookie_that_nobody_gave_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, value: str
) -> None:
    answer = await client.post(
        REFRESH, headers=[(b"cookie", f"__Secure-refresh={value}".encode("latin-1"))]
    )

    assert_bad_refresh_token(answer)
    assert kit_app.statements == []


@pytest.mark.parametrize("value", ["", "a.b.c", "x" * 60_000, "caf\xe9"])
async def test_an_access_cookie_that_nobody_gave_is_refused_before_any_sql(
    kit_app: KitApp, client: httpx2.AsyncClient, value: str
) -> None:
    answer = await client.get(ME, headers=[(b"cookie", f"__Host-access={value}".encode("latin-1"))])

    assert_bad_token(answer)
    assert kit_app.statements == []


async def test_a_refresh_cookie_is_no_access_cookie_nor_the_other_way_round(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    values = values_of(await signed_in(kit_app, client))
    swapped = sent(access=values["refresh"], refresh=values["access"], csrf=values["csrf"])

    async with kit_app.client() as other:
        assert_bad_token(await other.get(ME, headers=swapped))
        assert_bad_refresh_token(await other.post(REFRESH, headers={**swapped, **OWN}))


async def test_a_refresh_cookie_counts_only_beside_the_csrf_cookie_of_its_session(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """A sibling domain can set ``__Secure-refresh``, to have somebody work in its own account."""
    own = values_of(await signed_in(kit_app, client))
    async with kit_app.client() as other:
        evil = values_of(await log_in(other))
        tossed = sent(refresh=evil["refresh"], csrf=own["csrf"])
        alone = sent(refresh=evil["refresh"])
        for cookies in (tossed, alone):
            other.cookies.clear()
            assert_bad_refresh_token(await other.post(REFRESH, headers={**cookies, **OWN}))

        beside = sent(refresh=evil["refresh"], csrf=evil["csrf"])
        assert (await other.post(REFRESH, headers={**beside, **OWN})).status_code == 200


async def test_a_logout_ends_the_session_and_clears_all_three(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    set_before = attributes(await signed_in(kit_app, client))
    values = values_of(await log_in(client))

    answer = await client.post(LOGOUT, headers=OWN)

    assert_done(answer)
    cleared = attributes(answer)
    assert {name: given - {"max-age=0"} for name, given in cleared.items()} == {
        name: {part for part in given if not part.startswith("max-age")}
        for name, given in set_before.items()
    }
    assert all("max-age=0" in given for given in cleared.values())
    assert set(dict(client.cookies)) == set()
    kept = sent(**values)
    assert_bad_token(await client.get(ME, headers=kept))
    assert_bad_refresh_token(await client.post(REFRESH, headers={**kept, **OWN}))


async def test_a_logout_with_an_expired_cookie_is_refused_until_it_is_refreshed(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """Success while the session lives would be a lie; browsers drop the cookie by then."""
    values = values_of(await signed_in(kit_app, client))
    kit_app.clock.advance(minutes=30)

    assert_bad_token(await client.post(LOGOUT, headers=OWN))
    async with kit_app.client() as without:
        answer = await without.post(LOGOUT, headers={**sent(csrf=values["csrf"]), **OWN})
        assert_no_credential(answer)
        assert "set-cookie" not in answer.headers

    assert (await client.post(REFRESH, headers=OWN)).status_code == 200
    assert_done(await client.post(LOGOUT, headers=OWN))


async def test_a_logout_by_bearer_clears_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    tokens = await kit_app.sign_in()

    answer = await client.post(
        LOGOUT, headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )

    assert_done(answer)
    assert "set-cookie" not in answer.headers


async def test_the_refresh_cookie_lasts_no_longer_than_the_session(make_app: Any) -> None:
    lifetimes = {"idle_lifetime": timedelta(days=3), "absolute_lifetime": timedelta(days=4)}
    kit_app = make_app(more_features=(Cookies(),), sessions_options=lifetimes)
    async with kit_app.client() as client:
        first = cookies_of(await signed_in(kit_app, client))
        kit_app.clock.advance(days=2)
        later = cookies_of(await client.post(REFRESH, headers=OWN))

    days = [int(jar[CSRF]["max-age"]) / 86400 for jar in (first, later)]
    assert days == [3, 2]
    assert int(later["__Secure-refresh"]["max-age"]) == 2 * 86400


async def test_no_log_line_and_no_refusal_holds_a_cookie(
    kit_app: KitApp, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        values = values_of(await signed_in(kit_app, client))
        answers = [
            await client.post(LOGOUT),
            await client.post(REFRESH, headers={"Origin": "null"}),
            await client.post(REFRESH, json={}, headers=OWN),
            await client.get(ME, headers=sent(access=values["access"] + "x")),
            await client.post(LOGOUT, headers=OWN),
        ]

    said = caplog.text + "".join(answer.text for answer in answers)
    assert not [name for name, value in values.items() if value in said]
