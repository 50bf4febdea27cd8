"""A database that is away, overloaded, or asks to try again."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import insert, update

from fastauth_kit import AuthKit, Routes, Work, get_users_router
from fastauth_kit.core import http
from fastauth_kit.core.http import ATTEMPTS
from fastauth_kit.features.accounts import UserUpdated
from fastauth_kit.features.sessions.access_token import make_access_token
from tests.core.parts import On, taken_connection
from tests.kit_app import PASSWORD, IntPost, IntUser, KitApp, SessionStyle, bearer, build_app

CREDENTIALS = {"email": "ada@example.com", "password": PASSWORD}

CLOSED = {
    "sqlite": "sqlite+aiosqlite:////no/such/folder/app.db",
    "postgresql": "postgresql+asyncpg://nobody:none@127.0.0.1:1/none",
    "mariadb": "mysql+aiomysql://nobody:none@127.0.0.1:1/none",
}


def add_own_route(app: FastAPI, auth: AuthKit[Any]) -> None:
    @app.get("/own")
    async def own(user: Annotated[Any, Depends(auth.current_user)]) -> int:
        number: int = user.id
        return number


def disturbed_once(app: FastAPI, auth: AuthKit[Any], disturb: Callable[[], Any]) -> None:
    """Mount the users routes where others write between reading and writing, once."""
    calls: list[int] = []

    async def guard(user: Annotated[Any, Depends(auth.current_user)]) -> None:
        calls.append(1)
        if len(calls) == 1:
            await disturb()

    guards = {"update_me": [Depends(guard)]}
    app.include_router(get_users_router(auth, routes=Routes(guards=guards)), prefix="/raced")


# -- real contention -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("database_kind", "options"),
    [
        ("postgresql", {"isolation_level": "SERIALIZABLE"}),
        ("mariadb", {"connect_args": {"init_command": "SET innodb_snapshot_isolation = ON"}}),
    ],
    indirect=["database_kind"],
)
async def test_a_snapshot_overtaken_by_others_is_taken_again(
    make_app: Callable[..., KitApp], options: dict[str, Any], pauses: list[int]
) -> None:
    async def rename() -> None:
        async with kit_app.sessions.begin() as session:
            await session.execute(update(IntUser).values(is_verified=True))

    def configure(app: FastAPI, auth: AuthKit[Any]) -> None:
        disturbed_once(app, auth, rename)

    kit_app = make_app(engine_options=options, configure=configure)
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())

    async with kit_app.client(headers=headers) as client:
        answer = await client.patch("/raced/me", json={"name": "Ada"})

    assert (answer.status_code, answer.json()["name"]) == (200, "Ada")
    assert answer.json()["is_verified"]  # what the others wrote is still there
    assert pauses == [1]


@pytest.mark.parametrize("database_kind", ["mariadb"], indirect=True)
async def test_the_victim_of_a_deadlock_tries_again(
    make_app: Callable[..., KitApp], pauses: list[int]
) -> None:
    others: list[asyncio.Task[Any]] = []
    bob = update(IntUser).where(IntUser.email == "bob@example.com").values(name="changed")

    async def hold_bob_then_ask_for_ada(has_bob: asyncio.Event) -> None:
        async with kit_app.sessions.begin() as session:
            rows = [{"author_id": bob_id, "title": str(n)} for n in range(200)]
            await session.execute(insert(IntPost), rows)  # InnoDB ends who has written less
            await session.execute(bob)
            has_bob.set()
            await session.execute(update(IntUser).where(IntUser.id == ada_id).values(name="x"))

    async def cross(work: Work, event: UserUpdated) -> None:
        if not others:
            has_bob = asyncio.Event()
            others.append(asyncio.create_task(hold_bob_then_ask_for_ada(has_bob)))
            await has_bob.wait()
        await work.execute(bob)

    kit_app = make_app(hooks=(On(UserUpdated, cross),))
    ada_id = await kit_app.add_user()
    bob_id = await kit_app.add_user("bob@example.com")
    headers = bearer(await kit_app.sign_in())

    async with asyncio.timeout(60), kit_app.client(headers=headers) as client:
        answer = await client.patch("/api/users/me", json={"name": "Ada"})
        await asyncio.gather(*others)

    assert (answer.status_code, answer.json()["name"]) == (200, "Ada")
    assert pauses == [1]


SHORT = {"connect_args": {"timeout": 0.01}}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_locked_file_is_tried_again(
    make_app: Callable[..., KitApp], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    kit_app = make_app(engine_options=SHORT)
    await kit_app.add_user()
    other = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def free_at_the_third(attempt: int) -> float:
        if attempt == 2:
            other.execute("ROLLBACK")
        return 0

    monkeypatch.setattr(http, "_backoff_seconds", free_at_the_third)
    tokens = await kit_app.sign_in()
    other.close()

    assert tokens["access_token"]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_commit_that_meets_a_reader_is_tried_again(
    make_app: Callable[..., KitApp], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """SQLite then keeps the transaction open, with its lock: the next one must not meet it."""
    kit_app = make_app(engine_options=SHORT)
    await kit_app.add_user()
    reader = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM int_users").fetchall()

    def end_reading(attempt: int) -> float:
        if attempt == 1:
            reader.execute("ROLLBACK")
        return 0

    monkeypatch.setattr(http, "_backoff_seconds", end_reading)
    tokens = await kit_app.sign_in()
    reader.close()

    assert tokens["access_token"]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_file_that_stays_locked_ends_in_a_503(
    make_app: Callable[..., KitApp], pauses: list[int], tmp_path: Any
) -> None:
    kit_app = make_app(engine_options=SHORT)
    await kit_app.add_user()
    other = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async with kit_app.client() as client:
        answer = await client.post("/api/auth/login", json=CREDENTIALS)
    other.close()

    assert_unavailable(answer)
    assert pauses == list(range(1, ATTEMPTS))


def assert_unavailable(answer: httpx2.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "database_unavailable"
    assert int(answer.headers["retry-after"]) > 0


# -- a database that is away -----------------------------------------------------------


@pytest.fixture
async def away(database_kind: str, session_style: SessionStyle) -> AsyncIterator[KitApp]:
    """An installation whose database cannot be reached."""
    kit_app = build_app(CLOSED[database_kind], style=session_style, configure=add_own_route)
    yield kit_app
    await kit_app.close()


def forged_header(kit_app: KitApp) -> dict[str, str]:
    """A good token of a session that nobody can look up."""
    token = make_access_token(
        kit_app.auth,
        user_id=1,
        session_id="00000000-0000-7000-8000-000000000000",  # type: ignore[arg-type]  # as text
        now=kit_app.clock.now,
        lifetime_seconds=60,
    )
    return {"Authorization": f"Bearer {token}"}


async def test_a_route_of_the_kit_answers_503_while_the_database_is_away(away: KitApp) -> None:
    async with away.client() as client:
        answer = await client.post("/api/auth/login", json=CREDENTIALS)

    assert_unavailable(answer)


async def test_a_callers_route_answers_503_while_the_database_is_away(away: KitApp) -> None:
    async with away.client(headers=forged_header(away)) as client:
        answer = await client.get("/own")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_an_exhausted_pool_is_answered_with_503(make_app: Callable[..., KitApp]) -> None:
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.01}
    kit_app = make_app(engine_options=options, configure=add_own_route)
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())

    async with taken_connection(kit_app), kit_app.client(headers=headers) as client:
        answers = [
            await client.get("/api/users/me"),
            await client.post("/api/auth/login", json=CREDENTIALS),
            await client.get("/own"),
        ]

    assert [answer.status_code for answer in answers] == [503, 503, 503]
