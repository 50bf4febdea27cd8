"""Ids in paths: those that no account can have are bad input, never an error of ours."""

from typing import Any

import httpx2
import pytest

from tests.features.accounts.answers import assert_invalid, assert_refused
from tests.features.accounts.people import Person, join
from tests.kit_app import KitApp

USERS = "/api/users"


@pytest.fixture
async def root(kit_app: KitApp) -> Person:
    """The one superuser."""
    return await join(kit_app, "root@example.com", is_superuser=True)


IMPOSSIBLE_NUMBERS = [
    "text",
    "-1",
    str(2**31),
    str(2**63),
    str(2**70),
    "%201%20",
    "1_0",
    "+1",
    "01",
    "1.0",
    "\u0661",
    "%00",
    "1" * 5000,
]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("user_id", IMPOSSIBLE_NUMBERS)
@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)
async def test_an_id_that_cannot_exist_is_bad_input(
    client: httpx2.AsyncClient, root: Person, method: str, user_id: str
) -> None:
    body = {"name": "New"} if method == "PATCH" else None

    answer = await client.request(method, f"{USERS}/{user_id}", json=body, headers=root.headers)

    assert_invalid(answer, ("path", "user_id"))


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("user_id", ["0", str(2**31 - 1)])
async def test_the_ends_of_the_column_are_merely_unknown(
    client: httpx2.AsyncClient, root: Person, user_id: str
) -> None:
    answer = await client.get(f"{USERS}/{user_id}", headers=root.headers)

    assert_refused(answer, 404, "user_not_found")


@pytest.mark.parametrize(
    "user_id", ["text", "7", "{00000000-0000-7000-8000-000000000000}", "0" * 31, "%00"]
)
async def test_a_uuid_that_is_none_is_bad_input(make_app: Any, user_id: str) -> None:
    kit_app = make_app(key="uuid")
    root = await join(kit_app, "root@example.com", is_superuser=True)

    async with kit_app.client() as client:
        answer = await client.get(f"{USERS}/{user_id}", headers=root.headers)

    assert_invalid(answer, ("path", "user_id"))


async def test_uuid_accounts_are_read_in_either_spelling(make_app: Any) -> None:
    kit_app = make_app(key="uuid")
    root = await join(kit_app, "root@example.com", is_superuser=True)

    async with kit_app.client() as client:
        answers = [
            await client.get(f"{USERS}/{spelled}", headers=root.headers)
            for spelled in (root.id, root.id.hex, str(root.id).upper())
        ]

    assert [answer.json()["id"] for answer in answers] == [str(root.id)] * 3
