"""Requests with the user's cookies that the user did not mean to make."""

from collections.abc import Callable
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI, WebSocket
from sqlalchemy import func, select

from fastauth_kit import AuthKit, WebSocketUser
from fastauth_kit.core.websockets import POLICY_VIOLATION, SUBPROTOCOL
from tests.core.sockets import connect
from tests.features.accounts.answers import (
    assert_bad_token,
    assert_done,
    assert_refused,
)
from tests.features.cookies.browsing import (
    ADA,
    BY_COOKIE,
    FOREIGN,
    LOGIN,
    LOGOUT,
    ME,
    OWN,
    REFRESH,
    sent,
    signed_in,
    values_of,
)
from tests.kit_app import KitApp, bearer

LISTED = {"Sec-Fetch-Site": "cross-site", "Origin": "https://app.example.com"}
OLDER = {"Origin": "https://app.example.com"}

REFUSED: dict[str, dict[str, str]] = {
    "another site": FOREIGN,
    "a sibling": {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.app.test"},
    "a form": {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    "an older browser": {"Origin": "https://evil.example"},
    "own host, not listed": {"Origin": "https://app.test"},
    "no origin": {"Origin": "null"},
}
by_foreigners = pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)


def assert_foreign(answer: httpx2.Response) -> None:
    assert_refused(answer, 403, "csrf_failed")
    assert "set-cookie" not in answer.headers


async def sessions_in_force(kit_app: KitApp) -> int:
    model = kit_app.session_model
    statement = select(func.count()).where(model.revoked_at.is_(None))
    async with kit_app.sessions() as session:
        return await session.scalar(statement) or 0


@by_foreigners
async def test_another_page_does_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    await signed_in(kit_app, client)

    assert_foreign(await client.post(LOGOUT, headers=headers))
    assert_foreign(await client.patch(ME, json={"name": "evil"}, headers=headers))
    assert_foreign(await client.post(REFRESH, headers=headers))
    assert_foreign(await client.post(LOGIN, json=ADA, headers={**headers, **BY_COOKIE}))

    assert (await client.get(ME)).json()["name"] is None
    assert await sessions_in_force(kit_app) == 1


@pytest.mark.parametrize("headers", [OWN, {"Sec-Fetch-Site": "none"}, LISTED, OLDER])
async def test_a_page_that_may_does(
    kit_app: KitApp, client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    await signed_in(kit_app, client)

    answer = await client.patch(ME, json={"name": "Ada"}, headers=headers)
    assert answer.json()["name"] == "Ada"
    assert (await client.post(REFRESH, headers=headers)).status_code == 200
    again = await client.post(LOGIN, json=ADA, headers={**headers, **BY_COOKIE})
    assert again.status_code == 200
    assert_done(await client.post(LOGOUT, headers=headers))


async def test_reading_is_no_matter_of_where_the_link_was(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """The browser keeps the answer from a foreign page; and a link may lead here."""
    await signed_in(kit_app, client)

    assert (await client.get(ME, headers=FOREIGN)).status_code == 200


async def test_without_a_browsers_headers_the_token_is_needed(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    own = (await signed_in(kit_app, client)).json()["csrf_token"]
    async with kit_app.client() as other:
        await log_in_without_browser(other)
        anothers = other.cookies["__Host-csrf"]

    for given in ([], [anothers], [own, own], [own + "x"], [""]):
        headers = [("X-CSRF-Token", value) for value in given]
        assert_foreign(await client.post(LOGOUT, headers=headers))
        assert_foreign(await client.post(REFRESH, headers=headers))

    assert (await client.post(REFRESH, headers={"X-CSRF-Token": own})).status_code == 200
    assert_done(await client.post(LOGOUT, headers={"X-CSRF-Token": own}))


async def log_in_without_browser(client: httpx2.AsyncClient) -> None:
    """The header that asks for cookies is what no form can send."""
    answer = await client.post(LOGIN, json=ADA, headers=BY_COOKIE)
    assert answer.status_code == 200, answer.text


async def test_the_token_is_compared_with_its_cookie_and_with_the_session(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    values = values_of(await signed_in(kit_app, client))
    async with kit_app.client() as other:
        await log_in_without_browser(other)
        anothers = other.cookies["__Host-csrf"]
        for cookies, token in (
            (sent(access=values["access"]), values["csrf"]),
            (sent(access=values["access"], csrf=anothers), values["csrf"]),
            (sent(access=values["access"], csrf=anothers), anothers),
        ):
            other.cookies.clear()
            assert_foreign(await other.post(LOGOUT, headers={**cookies, "X-CSRF-Token": token}))


async def test_a_sign_in_for_bearer_tokens_may_come_from_anywhere(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """It leaves nothing in the browser, and CORS keeps the answer from foreign pages."""
    await kit_app.add_user()

    assert (await client.post(LOGIN, json=ADA, headers=FOREIGN)).status_code == 200


async def test_bearer_alone_is_exempt(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()
    tokens = await kit_app.sign_in()

    assert_done(await client.post(LOGOUT, headers={**bearer(tokens), **FOREIGN}))


# -- two credentials ------------------------------------------------------------------


def both(access: str, token: str) -> dict[str, str]:
    return {**sent(access=access), "Authorization": f"Bearer {token}"}


async def test_two_credentials_of_one_session_are_a_request_by_cookie(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    access = values_of(await signed_in(kit_app, client))["access"]
    async with kit_app.client() as other:
        assert (await other.get(ME, headers=both(access, access))).status_code == 200
        assert_foreign(await other.post(LOGOUT, headers={**both(access, access), **FOREIGN}))
        assert_done(await other.post(LOGOUT, headers={**both(access, access), **OWN}))


async def test_two_credentials_that_differ_are_ambiguous(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    access = values_of(await signed_in(kit_app, client))["access"]
    elsewhere = (await kit_app.sign_in())["access_token"]
    async with kit_app.client() as other:
        for headers in (
            both(access, elsewhere),
            both(access, "no"),
            both(access, ""),
            both("no", elsewhere),
            both("no", "no"),
        ):
            answer = await other.get(ME, headers=headers)
            assert_refused(answer, 400, "ambiguous_credentials")


async def test_another_scheme_beside_a_cookie_is_none_of_ours(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """A test server behind a password, say."""
    await signed_in(kit_app, client)
    basic = {"Authorization": "Basic YTpi"}

    assert (await client.get(ME, headers=basic)).status_code == 200
    client.cookies.clear()
    assert_bad_token(await client.get(ME, headers={**basic, **sent(access="no")}))


@pytest.mark.parametrize("name", ["access", "refresh", "csrf"])
async def test_two_cookies_of_one_name_are_ambiguous(
    kit_app: KitApp, client: httpx2.AsyncClient, name: str
) -> None:
    """One of them may be a sibling domain's, and nothing tells which."""
    values = values_of(await signed_in(kit_app, client))
    one, other = sent(**values)["Cookie"], sent(**{name: values[name]})["Cookie"]
    client.cookies.clear()
    path = LOGOUT if name == "access" else REFRESH

    answer = await client.post(path, headers={"Cookie": f"{one}; {other}", **OWN})

    assert_refused(answer, 400, "ambiguous_credentials")


# -- the caller's own -----------------------------------------------------------------


def add_routes(app: FastAPI, auth: AuthKit[Any]) -> None:
    """What a caller writes, who never heard of cookies."""

    @app.post("/notes")
    async def write(user: Annotated[Any, Depends(auth.current_user)]) -> str:
        return str(user.email)

    @app.post("/votes")
    async def vote(user: Annotated[Any, Depends(auth.optional_user)]) -> bool:
        return user is not None

    @app.post("/claims")
    async def claim(claims: Annotated[Any, Depends(auth.claims)]) -> str:
        return str(claims.user_id)

    @app.websocket("/socket")
    async def socket(
        websocket: WebSocket, who: Annotated[WebSocketUser[Any], Depends(auth.websocket_user)]
    ) -> None:
        await websocket.accept(subprotocol=who.subprotocol)
        await websocket.close()


@pytest.fixture
def own_app(make_cookie_app: Callable[..., KitApp]) -> KitApp:
    """An installation with routes of the caller's."""
    return make_cookie_app(origins=["https://app.test"], configure=add_routes)


async def test_the_callers_own_routes_are_protected(own_app: KitApp) -> None:
    async with own_app.client() as client:
        await signed_in(own_app, client)
        for path in ("/notes", "/votes", "/claims"):
            answer = await client.post(path, headers=FOREIGN)
            assert answer.status_code == 403
            assert (await client.post(path, headers=OWN)).status_code == 200
        client.cookies.clear()
        assert (await client.post("/votes", headers=FOREIGN)).json() is False


async def first_message(kit_app: KitApp, **options: Any) -> tuple[str, Any]:
    async with connect(kit_app.app, **options) as socket:
        message = await socket.receive()
    return message["type"].removeprefix("websocket."), message.get("reason")


async def test_a_socket_opens_only_for_a_page_that_may(own_app: KitApp) -> None:
    """Cross-site WebSocket hijacking: no CORS stands before the answers of a socket."""
    async with own_app.client() as client:
        values = values_of(await signed_in(own_app, client))
    cookies = sent(access=values["access"])

    own = {**cookies, "Origin": "https://app.test"}
    assert await first_message(own_app, headers=own) == ("accept", None)
    for headers in (
        {**cookies, "Origin": "https://evil.example"},
        {**cookies, "Origin": "null"},
        {**cookies, **FOREIGN},
        cookies,
    ):
        assert await first_message(own_app, headers=headers) == ("close", "csrf_failed")
    assert POLICY_VIOLATION == 1008


async def test_a_socket_with_cookie_and_token_is_one_by_cookie(own_app: KitApp) -> None:
    async with own_app.client() as client:
        values = values_of(await signed_in(own_app, client))
    cookies = sent(access=values["access"])
    subprotocols = [SUBPROTOCOL, values["access"]]

    foreign = {**cookies, **FOREIGN}
    found = await first_message(own_app, headers=foreign, subprotocols=subprotocols)
    assert found == ("close", "csrf_failed")
    assert await first_message(own_app, headers=FOREIGN, subprotocols=subprotocols) == (
        "accept",
        None,
    )


@pytest.mark.parametrize("headers", [FOREIGN, {}], ids=["another site", "no token"])
@pytest.mark.parametrize("path", [LOGOUT, REFRESH])
async def test_a_refusal_is_logged_without_a_cookie(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    caplog: pytest.LogCaptureFixture,
    path: str,
    headers: dict[str, str],
) -> None:
    kept = values_of(await signed_in(kit_app, client))
    caplog.clear()

    assert_foreign(await client.post(path, headers=headers))

    (record,) = (found for found in caplog.records if found.getMessage() == "access_denied")
    assert record.levelname == "WARNING"
    said = vars(record)
    assert said["data"] == {"code": "csrf_failed", "path": path, "method": "POST"}
    assert said["ip"] == "203.0.113.7"
    assert [value for value in kept.values() if value in repr(said)] == []
