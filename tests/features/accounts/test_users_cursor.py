"""The list of all accounts, walked by cursor."""

from typing import Any

import httpx2
import jwt
import pytest

from fastauth_kit.core.signed import sign
from tests.features.accounts.answers import (
    USER,
    assert_invalid,
)
from tests.features.accounts.people import Person, join
from tests.kit_app import KitApp

USERS = "/api/users"


@pytest.fixture
async def root(kit_app: KitApp) -> Person:
    """The one superuser, who has the lowest id."""
    return await join(kit_app, "root@example.com", is_superuser=True)


async def listed(client: httpx2.AsyncClient, root: Person, **query: Any) -> dict[str, Any]:
    answer = await client.get(USERS, params=query, headers=root.headers)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def addresses(page: dict[str, Any]) -> list[str]:
    return [item["email"].partition("@")[0] for item in page["items"]]


async def add_all(kit_app: KitApp, *names: str) -> list[Any]:
    return [
        await kit_app.add_user(f"{name}@example.com", password=None, name=name) for name in names
    ]


async def test_a_cursor_page_has_no_count(client: httpx2.AsyncClient, root: Person) -> None:
    page = await listed(client, root, cursor="")

    assert set(page) == {"items", "next_cursor"}
    assert addresses(page) == ["root"]
    assert page["next_cursor"] is None
    assert set(page["items"][0]) == USER


async def test_a_cursor_page_costs_one_statement_beside_the_authentication(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    await add_all(kit_app, "ada", "bob")
    kit_app.statements.clear()

    await listed(client, root, cursor="", limit=2)

    assert len(kit_app.statements) == 2


async def test_a_full_last_page_has_no_next_cursor(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    await add_all(kit_app, "ada")

    page = await listed(client, root, cursor="", limit=2)

    assert page["next_cursor"] is None


async def test_a_walk_by_cursor_meets_each_account_once_while_others_join(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    await add_all(kit_app, *(f"early{number}" for number in range(5)))
    met: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await listed(client, root, cursor=cursor, limit=2)
        met += addresses(page)
        cursor = page["next_cursor"]
        if len(met) <= 6:
            await add_all(kit_app, f"late{len(met)}")

    assert met == ["root", *(f"early{number}" for number in range(5)), "late2", "late4", "late6"]


async def test_a_walk_by_cursor_filters(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    await add_all(kit_app, "ada1", "bob1", "ada2", "bob2", "ada3")

    first = await listed(client, root, cursor="", limit=2, q="ada")
    second = await listed(client, root, cursor=first["next_cursor"], limit=2, q="ada")

    assert addresses(first) + addresses(second) == ["ada1", "ada2", "ada3"]


async def test_a_walk_by_cursor_works_for_uuid_keys(make_app: Any) -> None:
    kit_app = make_app(key="uuid")
    root = await join(kit_app, "root@example.com", is_superuser=True)
    for name in ("ada", "bob"):
        kit_app.clock.advance(milliseconds=1)
        await add_all(kit_app, name)

    async with kit_app.client() as client:
        first = await listed(client, root, cursor="", limit=2)
        second = await listed(client, root, cursor=first["next_cursor"], limit=2)

    assert addresses(first) + addresses(second) == ["root", "ada", "bob"]


async def test_a_cursor_wins_over_a_page_number(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    await add_all(kit_app, "ada")

    page = await listed(client, root, cursor="", limit=1, page=7, per_page=9, order_by="-id")

    assert addresses(page) == ["root"]


def forged(kit_app: KitApp, kind: str) -> str:
    """Return a cursor that somebody made themselves."""
    keys = kit_app.auth.keys
    good = sign(keys, "users-cursor", {"after": "0"})
    head, body, mac = good.split(".")
    match kind:
        case "text":
            return "MQ=="
        case "number":
            return "1"
        case "unsigned":
            return jwt.encode({"after": "0"}, "", algorithm="none")
        case "other purpose":
            return sign(keys, "login-challenge", {"after": "0"})
        case "other body":
            return f"{head}.{sign(keys, 'users-cursor', {'after': '1'}).split('.')[1]}.{mac}"
        case "cut":
            return good[:-1]
        case "own key":
            kid = {"kid": keys.current("users-cursor").id}
            return jwt.encode({"after": "0"}, "k" * 32, algorithm="HS256", headers=kid)
        case "no key":
            return jwt.encode({"after": "0"}, "k" * 32, algorithm="HS256")
        case _:
            return f"{head}.{body}."


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "kind",
    [
        "text",
        "number",
        "unsigned",
        "other purpose",
        "other body",
        "cut",
        "own key",
        "no key",
        "no mac",
    ],
)
async def test_a_cursor_that_was_tampered_with_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person, kind: str
) -> None:
    answer = await client.get(USERS, params={"cursor": forged(kit_app, kind)}, headers=root.headers)

    assert_invalid(answer, ("query", "cursor"))


async def test_an_access_token_is_no_cursor(client: httpx2.AsyncClient, root: Person) -> None:
    token = root.tokens["access_token"]

    answer = await client.get(USERS, params={"cursor": token}, headers=root.headers)

    assert_invalid(answer, ("query", "cursor"))
    (fault,) = answer.json()["detail"]
    assert (fault["type"], fault["msg"]) == ("cursor_invalid", "Use a cursor as it was given.")
