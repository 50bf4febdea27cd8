"""Requests of people who are picked at random from the whole table."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import func, select

from benchmarks.scale.app import PASSWORD, AuthSession, Installation, User
from fastauth_kit.core.models import utc_now
from fastauth_kit.core.secrets import time_ordered_id
from fastauth_kit.core.signed import sign
from fastauth_kit.features.sessions.access_token import make_access_token
from fastauth_kit.features.sessions.refresh_token import REFRESH_PURPOSE, make_refresh_token

OLDEST_DAYS = 100
"""Sessions younger than this live, with few exceptions."""


@dataclass
class Member:
    """Somebody who is signed in."""

    user_id: int
    headers: dict[str, str]
    refresh_token: str


@dataclass
class People:
    """What it takes to send requests to one installation.

    Args:
        members: Signed in, each with a session of their own; used in turn.
    """

    client: httpx2.AsyncClient
    users: int
    root: Member
    members: list[Member]
    deep_cursor: str
    dice: Random = field(default_factory=lambda: Random(4711))  # noqa: S311
    turn: int = 0

    def next_member(self) -> Member:
        self.turn = (self.turn + 1) % len(self.members)
        return self.members[self.turn]

    def somebody(self) -> int:
        """Return the number of any user."""
        return self.dice.randint(1, self.users)


async def find_people(built: Installation, client: httpx2.AsyncClient, count: int) -> People:
    """Pick living sessions, spread over the table, and make the tokens they have."""
    async with built.maker() as session:
        users = await session.scalar(select(func.max(User.id))) or 0
        rows = [await _living(session, number / count) for number in range(count)]
        root_row = await session.scalar(select(AuthSession).where(AuthSession.user_id == 1))
    members = [_member(built, row) for row in rows]
    Random(42).shuffle(members)  # noqa: S311
    assert root_row is not None
    deep = sign(built.auth.keys, "users-cursor", {"after": str(users - 50)})
    return People(client, users, await _root(built, client), members, deep)


async def _living(session: Any, place: float) -> AuthSession:
    now = utc_now()
    first = time_ordered_id(now - timedelta(days=OLDEST_DAYS * (1 - place)))
    statement = (
        select(AuthSession)
        .where(AuthSession.id > first, AuthSession.revoked_at.is_(None))
        .where(AuthSession.idle_expires_at > now + timedelta(days=1))
        .order_by(AuthSession.id)
        .limit(1)
    )
    row: AuthSession = (await session.scalars(statement)).one()
    return row


async def _root(built: Installation, client: httpx2.AsyncClient) -> Member:
    account = {"email": "user1@example.com", "password": PASSWORD}
    answer = await client.post("/auth/login", json=account)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    return Member(1, {"Authorization": f"Bearer {tokens['access_token']}"}, tokens["refresh_token"])


def _member(built: Installation, row: AuthSession) -> Member:
    key = built.auth.keys.current(REFRESH_PURPOSE)
    session_id: UUID = row.id
    access = make_access_token(
        built.auth,
        user_id=row.user_id,
        session_id=session_id,
        now=utc_now(),
        lifetime_seconds=1800,
    )
    token = make_refresh_token(
        session_id, row.refresh_generation, key_id=key.id, key=key.value, salt=row.refresh_salt
    )
    return Member(row.user_id, {"Authorization": f"Bearer {access}"}, token)


Send = Callable[[People], Awaitable[httpx2.Response]]


async def log_in(people: People) -> httpx2.Response:
    account = {"email": f"user{people.somebody()}@example.com", "password": PASSWORD}
    return await people.client.post("/auth/login", json=account)


async def read_me(people: People) -> httpx2.Response:
    return await people.client.get("/users/me", headers=people.next_member().headers)


async def refresh(people: People) -> httpx2.Response:
    member = people.next_member()
    body = {"refresh_token": member.refresh_token}
    answer = await people.client.post("/auth/refresh", json=body)
    member.refresh_token = answer.json().get("refresh_token", "")
    return answer


async def first_page_by_cursor(people: People) -> httpx2.Response:
    return await _list(people, cursor="")


async def deep_page_by_cursor(people: People) -> httpx2.Response:
    return await _list(people, cursor=people.deep_cursor)


async def first_page_by_number(people: People) -> httpx2.Response:
    return await _list(people, page=1)


async def deep_page_by_number(people: People) -> httpx2.Response:
    return await _list(people, page=people.users // 20 - 2)


async def search(people: People) -> httpx2.Response:
    return await _list(people, q=f"user{people.somebody()}@", cursor="")


async def _list(people: People, **parameters: Any) -> httpx2.Response:
    return await people.client.get("/users", params=parameters, headers=people.root.headers)
