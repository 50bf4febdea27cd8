"""The list of all accounts: numbered pages, order and filters."""

from typing import Any

import httpx2
import pytest

from tests.features.accounts.answers import (
    USER,
    assert_bad_token,
    assert_invalid,
    assert_no_credential,
    assert_refused,
)
from tests.features.accounts.people import Person, join, store
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


async def test_a_numbered_page_says_how_many_there_are(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    await add_all(kit_app, "ada", "bob", "cyd", "dee")

    page = await listed(client, root, page=2, per_page=2)

    assert set(page) == {"items", "total", "page", "pages"}
    assert addresses(page) == ["bob", "cyd"]
    assert (page["total"], page["page"], page["pages"]) == (5, 2, 3)
    assert set(page["items"][0]) == USER


async def test_without_parameters_it_is_the_first_page_of_twenty_by_id(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    await add_all(kit_app, *(f"u{number:02}" for number in range(20)))

    page = await listed(client, root)

    assert addresses(page) == ["root", *(f"u{number:02}" for number in range(19))]
    assert (page["total"], page["page"], page["pages"]) == (21, 1, 2)


async def test_a_page_beyond_the_last_is_empty(client: httpx2.AsyncClient, root: Person) -> None:
    page = await listed(client, root, page=1_000_000_000, per_page=100)

    assert page["items"] == []
    assert page["total"] == 1


async def test_a_hundred_for_each_page_is_allowed(client: httpx2.AsyncClient, root: Person) -> None:
    assert (await listed(client, root, per_page=100))["pages"] == 1


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "0"),
        ("page", "-1"),
        ("page", "1000000001"),
        ("page", str(2**63)),
        ("page", str(2**70)),
        ("page", "one"),
        ("page", ""),
        ("per_page", "0"),
        ("per_page", "101"),
        ("per_page", "-1"),
        ("limit", "0"),
        ("limit", "101"),
        ("order_by", "name"),
        ("order_by", "hashed_password"),
        ("order_by", "--id"),
        ("order_by", ""),
        ("is_active", "perhaps"),
        ("is_superuser", "2"),
        ("is_verified", "null"),
        ("q", "q" * 256),
        ("q", "\x00"),
        ("cursor", "c" * 2049),
    ],
)
async def test_a_parameter_out_of_bounds_is_refused(
    client: httpx2.AsyncClient, root: Person, name: str, value: str
) -> None:
    answer = await client.get(USERS, params={name: value}, headers=root.headers)

    assert_invalid(answer, ("query", name))


@pytest.mark.parametrize("flag", ["is_active", "is_superuser", "is_verified"])
@pytest.mark.parametrize("paging", [{}, {"cursor": ""}])
async def test_each_flag_filters_both_ways(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    root: Person,
    flag: str,
    paging: dict[str, str],
) -> None:
    flags = {"is_active": True, "is_superuser": False, "is_verified": True}
    await store(kit_app, root.id, is_verified=True)
    yes = await kit_app.add_user("yes@example.com", password=None)
    no = await kit_app.add_user("no@example.com", password=None)
    await store(kit_app, yes, **{**flags, flag: True})
    await store(kit_app, no, **{**flags, flag: False})

    chosen = {
        value: addresses(await listed(client, root, **{flag: value}, **paging))
        for value in ("true", "false")
    }

    assert "yes" in chosen["true"]
    assert chosen["false"] == ["no"]


async def test_filters_combine_and_are_counted(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    await add_all(kit_app, "ada", "bob")
    for_good = await kit_app.add_user("adam@example.com", password=None, is_active=False)

    page = await listed(client, root, q="ada", is_active="false")

    assert [item["id"] for item in page["items"]] == [for_good]
    assert (page["total"], page["pages"]) == (1, 1)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("%", ["percent"]),
        ("_", ["under"]),
        ("\\", ["back"]),
        ("/", ["slash"]),
        ("'", ["quote"]),
        ("50% o", ["percent"]),
        ("PERCENT@EXAMPLE", ["percent"]),
        ("Example.com", ["root", "percent", "under", "back", "slash", "quote", "jose"]),
        ("jose\u0301", ["jose"]),
        ("JOS\u00c9", ["jose"]),
        ("OFF", ["percent"]),
        ("nobody", []),
        ("", ["root", "percent", "under", "back", "slash", "quote", "jose"]),
    ],
)
async def test_q_is_taken_literally(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person, q: str, found: list[str]
) -> None:
    names = {
        "percent": "50% off",
        "under": "snake_case",
        "back": "back\\slash",
        "slash": "either/or",
        "quote": "O'Brien",
    }
    for address, name in names.items():
        await kit_app.add_user(f"{address}@example.com", password=None, name=name)
    await kit_app.add_user("jos\u00e9@example.com", password=None)

    page = await listed(client, root, q=q)

    assert [name.replace("\u00e9", "e") for name in addresses(page)] == found


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ("id", ["root", "eve", "ada", "cyd", "bob"]),
        ("-id", ["bob", "cyd", "ada", "eve", "root"]),
        ("email", ["ada", "bob", "cyd", "eve", "root"]),
        ("-email", ["root", "eve", "cyd", "bob", "ada"]),
        ("created_at", ["root", "eve", "ada", "cyd", "bob"]),
        ("-created_at", ["bob", "cyd", "ada", "eve", "root"]),
    ],
)
async def test_each_order_is_total_so_that_pages_do_not_overlap(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    root: Person,
    order_by: str,
    expected: list[str],
) -> None:
    """Ties in ``created_at``: ids decide."""
    await add_all(kit_app, "eve", "ada")
    kit_app.clock.advance(microseconds=1)
    await add_all(kit_app, "cyd", "bob")

    pages = [
        await listed(client, root, order_by=order_by, page=number, per_page=2)
        for number in (1, 2, 3)
    ]

    assert [name for page in pages for name in addresses(page)] == expected


@pytest.mark.parametrize("query", ["", "?cursor="])
async def test_others_may_not_list(kit_app: KitApp, client: httpx2.AsyncClient, query: str) -> None:
    ada = await join(kit_app)

    answer = await client.get(USERS + query, headers=ada.headers)

    assert_refused(answer, 403, "not_enough_permissions")


async def test_listing_wants_a_credential_that_works(client: httpx2.AsyncClient) -> None:
    assert_no_credential(await client.get(USERS))
    assert_bad_token(await client.get(USERS, headers={"Authorization": "Bearer no"}))


async def test_a_demoted_superuser_no_longer_lists(
    kit_app: KitApp, client: httpx2.AsyncClient, root: Person
) -> None:
    await store(kit_app, root.id, is_superuser=False)

    answer = await client.get(USERS, headers=root.headers)

    assert_refused(answer, 403, "not_enough_permissions")
