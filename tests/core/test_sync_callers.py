"""Callers with synchronous sessions: ``def`` routes, scripts, their own transactions."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from fastauth_kit import Accounts, AuthKit, ConfigurationError, Work
from fastauth_kit.core.database import Database
from tests.core.parts import fetch
from tests.core.test_joined_work import noting
from tests.kit_app import PASSWORD, IntBase, IntPost, IntUser, KitApp, bearer, build_app

SYNC = pytest.mark.parametrize("session_style", ["sync"], indirect=True)
ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
ADA = {"email": "ada@example.com", "password": PASSWORD}


def sessions_of(kit_app: KitApp) -> sessionmaker[Session]:
    return sessionmaker(kit_app.app_engine)


async def in_script(function: Callable[[], Any]) -> Any:
    """Run what a script would, where no event loop waits for it."""
    return await asyncio.to_thread(function)


# -- a crowd -----------------------------------------------------------------------------


@SYNC
async def test_a_hundred_logins_share_fifteen_connections(
    make_app: Callable[..., KitApp],
) -> None:
    kit_app = make_app(engine_options={"pool_size": 15, "max_overflow": 0})
    await kit_app.add_user()

    async with kit_app.client() as client:
        answers = await asyncio.gather(
            *(client.post("/api/auth/login", json=ADA) for _ in range(100))
        )

    assert [answer.status_code for answer in answers] == [200] * 100
    pool: Any = kit_app.app_engine.pool
    assert pool.checkedout() == 0


# -- routes ------------------------------------------------------------------------------


def add_routes(app: FastAPI, auth: AuthKit[Any]) -> None:
    db = Annotated[Session, Depends(auth.get_session)]
    user = Annotated[Any, Depends(auth.current_user)]

    @app.post("/posts")
    def write(session: db, author: user) -> bool:
        session.add(IntPost(author_id=author.id, title="first"))
        session.commit()
        return author in session

    @app.post("/friends")
    def invite(session: db, email: str) -> str:
        with auth.work_for(session) as work:
            friend = work.wait(auth.feature(Accounts).create(work, email=email, password=PASSWORD))
            name = threading.current_thread().name
            work.after_commit(noting(done, name))
            session.add(IntPost(author_id=friend.id, title="hello"))
        return name

    @app.post("/colleagues")
    def hire(email: str) -> int:
        async def create(work: Work) -> int:
            created = await auth.feature(Accounts).create(work, email=email, password=PASSWORD)
            found: int = created.id
            return found

        return auth.run_sync(sessionmaker(session_engines[-1]), create)

    @app.post("/partners")
    def marry(session: db, email: str) -> None:
        with session.begin():
            with auth.work_for(session) as work:
                work.wait(auth.feature(Accounts).create(work, email=email, password=PASSWORD))
                work.after_commit(noting(done, email))
            assert done == []


done: list[str] = []
session_engines: list[Any] = []


@pytest.fixture
def routed(make_app: Callable[..., KitApp]) -> KitApp:
    kit_app = make_app(configure=add_routes)
    done.clear()
    session_engines[:] = [kit_app.app_engine]
    return kit_app


@SYNC
async def test_a_def_route_has_the_user_in_its_own_session(routed: KitApp) -> None:
    await routed.add_user()
    headers = bearer(await routed.sign_in())

    async with routed.client(headers=headers) as client:
        answer = await client.post("/posts")

    assert (answer.status_code, answer.json()) == (200, True)
    assert await fetch(routed, select(IntPost.title)) == ["first"]


@SYNC
async def test_a_def_route_calls_operations_in_its_own_transaction(routed: KitApp) -> None:
    async with routed.client() as client:
        answer = await client.post("/friends", params={"email": "bob@example.com"})
    await routed.auth.after_commit.drain()

    assert answer.status_code == 200
    assert await fetch(routed, select(IntUser.email)) == ["bob@example.com"]
    assert await fetch(routed, select(IntPost.title)) == ["hello"]
    assert done == [answer.json()]


@SYNC
async def test_a_refusal_reaches_the_def_route_and_nothing_is_kept(routed: KitApp) -> None:
    await routed.add_user("bob@example.com")

    async with routed.client() as client:
        answer = await client.post("/friends", params={"email": "bob@example.com"})

    assert answer.status_code == 400
    assert await fetch(routed, select(IntPost.title)) == []
    assert done == []


@SYNC
async def test_a_def_route_runs_operations_in_a_session_of_their_own(routed: KitApp) -> None:
    async with routed.client() as client:
        answer = await client.post("/colleagues", params={"email": "bob@example.com"})

    assert [answer.json()] == await fetch(routed, select(IntUser.id))


@SYNC
async def test_work_joins_the_transaction_of_a_def_route(routed: KitApp) -> None:
    async with routed.client() as client:
        answer = await client.post("/partners", params={"email": "bob@example.com"})
    await routed.auth.after_commit.drain()

    assert answer.status_code == 200
    assert done == ["bob@example.com"]


# -- scripts -----------------------------------------------------------------------------


@SYNC
async def test_a_script_creates_an_account(kit_app: KitApp) -> None:
    accounts = kit_app.auth.feature(Accounts)

    def script() -> str:
        with sessions_of(kit_app)() as session, kit_app.auth.work_for(session) as work:
            user = work.wait(accounts.create(work, email="ada@example.com", password=PASSWORD))
            return str(user.email)

    assert await in_script(script) == "ada@example.com"
    assert (await kit_app.sign_in())["token_type"] == "bearer"


@SYNC
@ONE_DATABASE
async def test_a_script_waits_for_what_runs_after_the_commit(kit_app: KitApp) -> None:
    ran: list[str] = []

    def script() -> list[str]:
        with sessions_of(kit_app)() as session, kit_app.auth.work_for(session) as work:
            work.after_commit(noting(ran, "mail"))
            assert ran == []
        return list(ran)

    assert await in_script(script) == ["mail"]


@SYNC
@ONE_DATABASE
async def test_a_script_that_fails_leaves_nothing(kit_app: KitApp) -> None:
    accounts, ran = kit_app.auth.feature(Accounts), list[str]()

    def script() -> None:
        with sessions_of(kit_app)() as session, kit_app.auth.work_for(session) as work:
            work.after_commit(noting(ran, "mail"))
            work.wait(accounts.create(work, email="ada@example.com", password=PASSWORD))
            raise LookupError

    with pytest.raises(LookupError):
        await in_script(script)
    assert await fetch(kit_app, select(IntUser.id)) == []
    assert ran == []


@SYNC
@ONE_DATABASE
async def test_a_script_has_its_actions_run_when_its_own_transaction_commits(
    kit_app: KitApp,
) -> None:
    ran: list[str] = []

    def script() -> list[list[str]]:
        with sessions_of(kit_app).begin() as session:
            with kit_app.auth.work_for(session) as work:
                work.after_commit(noting(ran, "mail"))
            before = list(ran)
        return [before, list(ran)]

    assert await in_script(script) == [[], ["mail"]]


@SYNC
@ONE_DATABASE
async def test_run_sync_tries_again_as_routes_do(kit_app: KitApp) -> None:
    attempts: list[Session] = []
    ran: list[str] = []

    async def operation(work: Work) -> int:
        work.after_commit(noting(ran, "mail"))
        attempts.append(await work.read(lambda session: session))
        if len(attempts) < 3:
            raise OperationalError("UPDATE", {}, locked())
        return len(attempts)

    def script() -> int:
        return kit_app.auth.run_sync(sessions_of(kit_app), operation)

    assert await in_script(script) == 3
    assert len(set(map(id, attempts))) == 3
    assert ran == ["mail"]


def locked() -> Exception:
    import sqlite3

    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


def test_a_script_may_keep_its_database_in_memory() -> None:
    """Its steps stay in its thread, where alone such a database can be seen."""
    engine = create_engine("sqlite://")
    IntBase.metadata.create_all(engine)
    auth = build_app("sqlite+aiosqlite://").auth

    def script() -> str:
        with sessionmaker(engine)() as session, auth.work_for(session) as work:
            user = work.wait(auth.feature(Accounts).create(work, **ADA))
            return str(user.email)

    assert script() == "ada@example.com"
    engine.dispose()


# -- refused -----------------------------------------------------------------------------


@ONE_DATABASE
async def test_async_code_is_told_to_await(kit_app: KitApp) -> None:
    with (
        Session(kit_app.app_engine) as session,
        pytest.raises(ConfigurationError, match=r"async with auth\.work_for"),
        kit_app.auth.work_for(session),
    ):
        pass


@ONE_DATABASE
async def test_async_code_is_told_to_await_run(kit_app: KitApp) -> None:
    async def nothing(work: Work) -> None: ...

    with pytest.raises(ConfigurationError, match=r"await auth\.run"):
        kit_app.auth.run_sync(sessions_of(kit_app), nothing)


@ONE_DATABASE
async def test_an_async_session_is_told_to_await(kit_app: KitApp) -> None:
    def script() -> None:
        with kit_app.auth.work_for(kit_app.sessions()):
            pass

    with pytest.raises(ConfigurationError, match="AsyncSession needs 'async with'"):
        await in_script(script)


@contextmanager
def some_session() -> Iterator[Session]:
    with Session() as session:
        yield session


@pytest.mark.parametrize("given", [scoped_session(sessionmaker()), some_session(), None])
def test_what_is_no_session_is_refused(given: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"it yielded {type(given).__name__}"):
        Database(given)
