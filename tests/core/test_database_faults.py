"""Connections that end, and faults that are no outage."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.util import await_only

from fastauth_kit import Work
from fastauth_kit.core.after_commit import running_loop
from fastauth_kit.features.accounts import UserCreated
from fastauth_kit.features.sessions.events import LoggedIn
from tests.core.parts import On, fetch, fetch_as_app
from tests.core.test_database_failures import (
    CREDENTIALS,
    add_own_route,
    assert_unavailable,
    forged_header,
)
from tests.kit_app import IntPost, IntUser, KitApp, bearer, build_app

# -- connections that end --------------------------------------------------------------

OWN_ID = {"postgresql": "select pg_backend_pid()", "mariadb": "select connection_id()"}
KILL = {"postgresql": "select pg_terminate_backend({})", "mariadb": "kill {}"}

SERVERS = pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)


async def kill(kit_app: KitApp, kind: str, number: int) -> None:
    async with kit_app.sessions() as session:
        await session.execute(text(KILL[kind].format(number)))


@SERVERS
async def test_a_connection_that_the_server_ended_is_replaced(
    make_app: Callable[..., KitApp], database_kind: str, pauses: list[int]
) -> None:
    """As after a restart of the server, with the pool full of dead connections."""
    kit_app = make_app(engine_options={"pool_size": 1}, configure=add_own_route)
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())
    victim = (await fetch_as_app(kit_app, text(OWN_ID[database_kind])))[0]
    killer = make_app()
    await kill(killer, database_kind, victim)

    async with kit_app.client(headers=headers) as client:
        answer = await client.get("/api/users/me")

    assert answer.status_code == 200
    assert pauses == [1]


@SERVERS
async def test_a_commit_of_unknown_outcome_is_never_tried_again(
    make_app: Callable[..., KitApp], database_kind: str, pauses: list[int]
) -> None:
    victims: list[int] = []

    async def note(work: Work, event: LoggedIn) -> None:
        victims.append(await work.scalar(text(OWN_ID[database_kind])))

    kit_app = make_app(hooks=(On(LoggedIn, note),))
    killer = make_app()
    await kit_app.add_user()

    loop = asyncio.get_running_loop()

    def end_connection(_: Any) -> None:
        if victims and running_loop() is loop:
            await_only(kill(killer, database_kind, victims[0]))
        elif victims:
            killing = kill(killer, database_kind, victims[0])
            asyncio.run_coroutine_threadsafe(killing, loop).result()

    event.listen(kit_app.app_engine, "commit", end_connection)
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/login", json=CREDENTIALS)

    assert_unavailable(answer)
    assert len(victims) == 1
    assert pauses == []


# -- faults of ours --------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/users/me", "/own"])
async def test_a_missing_table_is_no_outage(fresh_database_url: str, path: str) -> None:
    kit_app = build_app(fresh_database_url, configure=add_own_route)

    async with kit_app.client(headers=forged_header(kit_app)) as client:
        with pytest.raises((OperationalError, ProgrammingError)):
            await client.get(path)

    await kit_app.engine.dispose()


async def test_an_unknown_column_is_no_outage(make_app: Callable[..., KitApp]) -> None:
    async def misspell(work: Work, event: UserCreated) -> None:
        await work.execute(text("select no_such_column from int_users"))

    kit_app = make_app(hooks=(On(UserCreated, misspell),))

    async with kit_app.client() as client:
        with pytest.raises((OperationalError, ProgrammingError)):
            await client.post("/api/auth/register", json=CREDENTIALS)


@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
async def test_a_value_that_does_not_fit_a_callers_column_is_a_422(
    make_app: Callable[..., KitApp],
) -> None:
    async def add_post(work: Work, event: UserCreated) -> None:
        await work.add(IntPost(author_id=event.user.id, title="x" * 101))

    kit_app = make_app(hooks=(On(UserCreated, add_post),))
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/register", json=CREDENTIALS)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert "xxx" not in answer.text


async def test_a_number_that_no_column_holds_is_a_422(make_app: Callable[..., KitApp]) -> None:
    """SQLite's driver raises an OverflowError for it, which SQLAlchemy does not wrap."""

    async def add_post(work: Work, event: UserCreated) -> None:
        await work.add(IntPost(id=2**63, author_id=event.user.id, title="x"))

    kit_app = make_app(hooks=(On(UserCreated, add_post),))
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/register", json=CREDENTIALS)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert await fetch(kit_app, select(IntUser.id)) == []


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_an_overflow_of_the_callers_own_is_no_refusal(
    make_app: Callable[..., KitApp],
) -> None:
    async def miscount(work: Work, event: UserCreated) -> None:
        raise OverflowError("of ours")

    kit_app = make_app(hooks=(On(UserCreated, miscount),))
    async with kit_app.client() as client:
        with pytest.raises(OverflowError, match="of ours") as caught:
            await client.post("/api/auth/register", json=CREDENTIALS)

    # an error that is its own cause is looked through for ever
    assert caught.value.__cause__ is None


async def test_a_rule_of_a_callers_column_is_a_409(make_app: Callable[..., KitApp]) -> None:
    async def add_post(work: Work, event: UserCreated) -> None:
        await work.add(IntPost(author_id=event.user.id))  # without its title

    kit_app = make_app(hooks=(On(UserCreated, add_post),))
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/register", json=CREDENTIALS)

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert await fetch(kit_app, select(IntUser.id)) == []
