"""Exactly one winner where several want the same account, or the last administrator's seat."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from fastauth_kit import Event, EventSink, Work
from fastauth_kit.core.errors import DataConflict
from fastauth_kit.features.accounts.events import UserCreated
from tests.invariants.crowd import (
    EVERY_DATABASE,
    Meeting,
    codes,
    is_sqlite,
    open_connections,
    size_of_crowd,
    together,
)
from tests.kit_app import PASSWORD, KitApp, bearer

pytestmark = EVERY_DATABASE

ADDRESS = "ada.lovelace@example.com"
ROUNDS = 40

REFUSED = (400, 401, 403, 404, 409)
"""No longer allowed, the other one is gone, or nobody would be left."""

Request = Callable[[], Awaitable[httpx2.Response]]


def spelled(number: int) -> str:
    """Return the address in a case of its own for each number."""
    return "".join(
        letter.upper() if number >> place % 6 & 1 else letter
        for place, letter in enumerate(ADDRESS)
    )


async def register_all(kit_app: KitApp, client: httpx2.AsyncClient) -> list[httpx2.Response]:
    count = size_of_crowd(kit_app)
    await open_connections(kit_app, count)
    Meeting(kit_app, "INSERT INTO int_users").expect(count)

    def register(number: int) -> Request:
        body = {"email": spelled(number), "password": PASSWORD}
        return lambda: client.post("/api/auth/register", json=body)

    return await together(*(register(number) for number in range(count)))


async def test_of_many_registrations_of_one_address_one_succeeds(crowd_app: KitApp) -> None:
    async with crowd_app.client() as client:
        answers = await register_all(crowd_app, client)

    refused = [(400, "email_taken")] * (len(answers) - 1)
    assert codes(answers) == [(201, ""), *refused]


async def test_many_registrations_of_one_address_leave_one_row(crowd_app: KitApp) -> None:
    async with crowd_app.client() as client:
        await register_all(crowd_app, client)

    async with crowd_app.sessions() as session:
        rows = await session.scalars(select(crowd_app.user_model.email))
        assert list(rows) == [ADDRESS]


class RefuseTheFirst(EventSink):
    """A rule of the caller's that lets the first insertion of all fail."""

    def __init__(self) -> None:
        self.refused = False

    async def receive(self, work: Work, event: Event) -> None:
        if isinstance(event, UserCreated) and not self.refused:
            self.refused = True
            raise DataConflict


async def test_where_the_first_registration_fails_another_one_succeeds(
    one_crowd: None, make_app: Callable[..., KitApp], crowd: dict[str, Any]
) -> None:
    """All the others wait for it; on MariaDB most of them then run into a deadlock."""
    app = make_app(**crowd, hooks=(RefuseTheFirst(),))

    async with app.client() as client:
        answers = await register_all(app, client)

    taken = [(400, "email_taken")] * (len(answers) - 2)
    assert codes(answers) == [(201, ""), *taken, (409, "conflict")]


async def test_of_two_who_move_to_one_address_one_does(warm_app: KitApp) -> None:
    bob = await warm_app.add_user("bob@example.com")
    eve = await warm_app.add_user("eve@example.com")
    await warm_app.add_user("root@example.com", is_superuser=True)
    admin = bearer(await warm_app.sign_in("root@example.com"))

    Meeting(warm_app, "UPDATE int_users").expect(2)
    async with warm_app.client(headers=admin) as client:

        def move(user_id: Any) -> Request:
            return lambda: client.patch(f"/api/users/{user_id}", json={"email": ADDRESS})

        answers = await together(move(bob), move(eve))

    assert codes(answers) == [(200, ""), (400, "email_taken")]


class Pair:
    """Two superusers, and nobody else, who act on each other or themselves."""

    def __init__(self, kit_app: KitApp, client: httpx2.AsyncClient) -> None:
        self.kit_app = kit_app
        self.client = client
        self.made = 0

    async def superuser(self) -> tuple[Any, dict[str, str]]:
        self.made += 1
        email = f"root{self.made}@example.com"
        user_id = await self.kit_app.add_user(email, is_superuser=True)
        return user_id, bearer(await self.kit_app.sign_in(email))

    def act(self, way: str, other: Any, own: dict[str, str], own_id: Any) -> Request:
        """Return the request by which one superuser removes one."""
        url = f"/api/users/{own_id if way == 'step down' else other}"
        match way:
            case "demote" | "step down":
                body: dict[str, Any] = {"is_superuser": False}
            case "deactivate":
                body = {"is_active": False}
            case "delete":
                return lambda: self.client.delete(url, headers=own)
            case _:
                return lambda: self.client.request(
                    "DELETE", "/api/users/me", headers=own, json={"password": PASSWORD}
                )
        return lambda: self.client.patch(url, headers=own, json=body)

    async def left(self) -> int:
        model = self.kit_app.user_model
        statement = select(func.count()).where(model.is_superuser, model.is_active)
        async with self.kit_app.sessions() as session:
            count = await session.scalar(statement)
        assert count is not None
        return count

    async def keep(self, one: tuple[Any, dict[str, str]], two: tuple[Any, dict[str, str]]) -> Any:
        """Return who of both is still a superuser."""
        for user_id, headers in (one, two):
            answer = await self.client.get("/api/users?limit=1&cursor=", headers=headers)
            if answer.status_code == 200:
                return user_id, headers
        raise AssertionError("nobody is left")


@pytest.mark.parametrize(
    ("first", "second", "rounds"),
    [
        ("demote", "demote", ROUNDS),
        ("deactivate", "deactivate", ROUNDS // 4),
        ("delete", "delete", ROUNDS // 4),
        ("step down", "step down", ROUNDS // 4),
        ("close", "close", ROUNDS // 4),
        ("demote", "delete", ROUNDS // 4),
        ("deactivate", "close", ROUNDS // 4),
    ],
)
async def test_two_superusers_who_remove_each_other_leave_one(
    warm_app: KitApp, first: str, second: str, rounds: int
) -> None:
    # SQLite has no row locks: writing takes its one lock
    locking = "UPDATE int_users" if is_sqlite(warm_app) else "FOR UPDATE"
    meeting = Meeting(warm_app, locking)
    async with warm_app.client() as client:
        pair = Pair(warm_app, client)
        one = await pair.superuser()
        for _ in range(rounds):
            two = await pair.superuser()
            meeting.expect(2)

            answers = await together(
                pair.act(first, two[0], one[1], one[0]), pair.act(second, one[0], two[1], two[0])
            )

            outcome = codes(answers)
            assert outcome[0] in ((200, ""), (204, "")), outcome
            assert outcome[1][0] in REFUSED, outcome
            assert await pair.left() == 1, outcome
            one = await pair.keep(one, two)
