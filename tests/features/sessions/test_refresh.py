"""Refresh tokens through HTTP: rotation, and the grace for lost answers."""

from typing import Any

import httpx2
import pytest

from fastauth_kit.features.sessions import (
    SessionRefreshed,
)
from tests.features.accounts.answers import (
    assert_invalid,
    assert_refused,
    assert_tokens,
)
from tests.features.accounts.people import Heard, join, session_of
from tests.features.accounts.tokens import REFRESH, opens, rotate
from tests.kit_app import KitApp


async def test_a_refresh_token_is_exchanged_for_its_successor(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)

    tokens = await rotate(client, ada.tokens)

    assert tokens["refresh_token"] != ada.tokens["refresh_token"]
    assert tokens["access_token"] != ada.tokens["access_token"]
    assert await opens(client, tokens)


async def test_a_chain_of_refreshes_goes_on(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    tokens: Any = (await join(kit_app)).tokens
    for _ in range(5):
        kit_app.clock.advance(days=1)
        tokens = await rotate(client, tokens)

    assert await opens(client, tokens)


@pytest.mark.parametrize("grant_type", [{}, {"grant_type": "refresh_token"}])
@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
async def test_a_form_will_do(
    kit_app: KitApp, client: httpx2.AsyncClient, grant_type: dict[str, str], encoding: str
) -> None:
    """RFC 6749, section 6."""
    ada = await join(kit_app)
    fields = {**grant_type, "refresh_token": ada.tokens["refresh_token"]}
    parts: Any = {name: (None, value) for name, value in fields.items()}

    form: Any = {"data": fields} if encoding == "urlencoded" else {"files": parts}
    answer = await client.post(REFRESH, **form)

    assert_tokens(answer)


async def test_another_grant_is_not_given(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    form = {"grant_type": "password", "refresh_token": ada.tokens["refresh_token"]}

    answer = await client.post(REFRESH, data=form)

    assert_refused(answer, 400, "unsupported_grant_type")


async def test_a_field_given_twice_is_ambiguous(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    form = {"refresh_token": [ada.tokens["refresh_token"], "other"]}

    answer = await client.post(REFRESH, data=form)

    assert_refused(answer, 400, "ambiguous_credentials")


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, ("body", "refresh_token")),
        ({"refresh_token": None}, ("body", "refresh_token")),
        ({"refresh_token": 7}, ("body", "refresh_token")),
        ({"refresh_token": "a\x00b"}, ("body", "refresh_token")),
        ([], ("body",)),
    ],
)
async def test_a_body_without_a_token_is_bad_input(
    client: httpx2.AsyncClient, body: Any, place: tuple[str, ...]
) -> None:
    assert_invalid(await client.post(REFRESH, json=body), place)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_body_of_another_kind_is_bad_input(client: httpx2.AsyncClient) -> None:
    answer = await client.post(REFRESH, content="rt", headers={"Content-Type": "text/plain"})

    assert_invalid(answer, ("header", "content-type"))


async def test_a_refresh_costs_two_statements(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    kit_app.statements.clear()

    await rotate(client, ada.tokens)

    assert [statement.split()[0] for statement in kit_app.statements] == ["SELECT", "UPDATE"]


async def test_the_older_access_token_works_until_it_expires(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)

    await rotate(client, ada.tokens)

    assert await opens(client, ada.tokens)


# -- the grace ----------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 1, 10, -1, -3600])
async def test_within_the_grace_the_predecessor_gets_the_same_successor(
    kit_app: KitApp, client: httpx2.AsyncClient, seconds: float
) -> None:
    """Clocks may disagree: a negative difference counts as within."""
    ada = await join(kit_app)
    kit_app.clock.advance(hours=2)
    first = await rotate(client, ada.tokens)
    kit_app.clock.advance(seconds=seconds)

    second = await rotate(client, ada.tokens)

    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert await opens(client, second)


async def test_an_answer_given_again_rotates_nothing(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)
    async with kit_app.client() as client:
        await rotate(client, ada.tokens)
        await rotate(client, ada.tokens)

    assert heard.of(SessionRefreshed) == [
        SessionRefreshed(ada.id, (await session_of(kit_app, ada)).id)
    ]


async def test_the_successor_works_after_it_was_given_twice(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    await rotate(client, ada.tokens)
    successor = await rotate(client, ada.tokens)

    assert await opens(client, await rotate(client, successor))
