"""Who is asking: one statement, the caller's own session, and every way to be refused."""

from collections.abc import Callable
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, object_session

from fastauth_kit import AccessClaims, Authenticated, AuthKit, CurrentSession
from fastauth_kit.core.authentication import ReadAccess
from fastauth_kit.core.database import Database
from fastauth_kit.core.errors import DatabaseUnavailable
from tests.core.forgery import SESSION_ID, forge
from tests.core.parts import fetch
from tests.kit_app import IntPost, IntUser, KitApp, bearer

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


def add_routes(app: FastAPI, auth: AuthKit[Any]) -> None:
    """What a caller writes."""
    get_db = Depends(auth.get_session, scope=auth.session_scope)

    @app.get("/all")
    async def all_of_them(
        user: Annotated[Any, Depends(auth.current_user)],
        superuser: Annotated[Any, Depends(auth.current_superuser)],
        session: Annotated[CurrentSession, Depends(auth.current_session)],
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
    ) -> bool:
        return user is superuser is who.user and session is who.session

    @app.get("/same-session")
    async def same_session(
        user: Annotated[Any, Depends(auth.current_user)], session: Annotated[Any, get_db]
    ) -> bool:
        return object_session(user) is Database(session).session

    @app.post("/posts")
    async def write_post(
        user: Annotated[Any, Depends(auth.current_user)], session: Annotated[Any, get_db]
    ) -> None:
        post = IntPost(title="mine")
        post.author_id = user.id
        session.add(post)
        user.name = "an author"
        await Database(session).run(Session.commit)

    def load_posts(who: Authenticated[Any]) -> int:
        # loaded when it is read, which only a step of the session may do
        return len(object_session(who.user).scalars(select(IntPost)).all())

    read = ReadAccess(auth.authentication, auth, auth.session_dependency, load_posts)

    @app.get("/read")
    async def read_more(count: Annotated[int, Depends(read)]) -> int:
        return count

    @app.get("/read-after")
    async def read_after_another(
        user: Annotated[Any, Depends(auth.current_user)], count: Annotated[int, Depends(read)]
    ) -> int:
        return count

    @app.get("/optional")
    async def optional(user: Annotated[Any, Depends(auth.optional_user)]) -> str:
        return user.email if user else "nobody"

    @app.get("/claims")
    async def claims(found: Annotated[AccessClaims, Depends(auth.claims)]) -> list[str]:
        return [str(found.user_id), str(found.session_id), found.issued_at.isoformat()]

    @app.get("/user")
    async def read(user: Annotated[Any, Depends(auth.current_user)]) -> int:
        number: int = user.id
        return number


async def signed_in(kit_app: KitApp, **columns: Any) -> dict[str, str]:
    await kit_app.add_user(**columns)
    return bearer(await kit_app.sign_in())


async def get(kit_app: KitApp, path: str, headers: Any = None) -> httpx2.Response:
    async with kit_app.client() as client:
        return await client.get(path, headers=headers)


# -- one statement, one session --------------------------------------------------------


@pytest.mark.parametrize("path", ["/user", "/api/users/me", "/all", "/optional"])
async def test_asking_who_it_is_takes_one_statement(
    make_app: Callable[..., KitApp], path: str
) -> None:
    kit_app = make_app(configure=add_routes)
    headers = await signed_in(kit_app, is_superuser=True)
    kit_app.statements.clear()

    answer = await get(kit_app, path, headers)

    assert answer.status_code == 200
    assert len(kit_app.statements) == 1


@ONE_DATABASE
async def test_all_dependencies_of_a_route_agree(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(configure=add_routes)
    headers = await signed_in(kit_app, is_superuser=True)

    assert (await get(kit_app, "/all", headers)).json() is True


@pytest.mark.parametrize("scope", [None, "function", "request"])
async def test_the_user_lives_in_the_callers_session(
    make_app: Callable[..., KitApp], scope: Any
) -> None:
    kit_app = make_app(configure=add_routes, session_scope=scope)
    headers = await signed_in(kit_app)

    assert (await get(kit_app, "/same-session", headers)).json() is True


@pytest.mark.parametrize("scope", [None, "function"])
async def test_a_caller_writes_rows_of_the_user_and_the_user(
    make_app: Callable[..., KitApp], scope: Any
) -> None:
    kit_app = make_app(configure=add_routes, session_scope=scope)
    headers = await signed_in(kit_app)

    async with kit_app.client(headers=headers) as client:
        await client.post("/posts")

    written = select(IntUser.name).join(IntPost, IntPost.author_id == IntUser.id)
    assert await fetch(kit_app, written) == ["an author"]


@ONE_DATABASE
async def test_what_was_found_is_not_shared_between_sessions(kit_app: KitApp) -> None:
    """A route may use two; each gets a user of its own, once."""
    headers = await signed_in(kit_app)
    raw = [(b"authorization", headers["Authorization"].encode())]
    connection = HTTPConnection({"type": "http", "headers": raw})
    of_request = kit_app.auth.authentication.of_request

    async with kit_app.sessions() as first, kit_app.sessions() as second:
        of_first = await of_request(connection, first)
        again = await of_request(connection, first)
        of_second = await of_request(connection, second)

        assert of_first is again
        assert object_session(of_second.user) is second.sync_session


@ONE_DATABASE
@pytest.mark.parametrize("path", ["/read", "/read-after"])
async def test_more_can_be_loaded_while_a_user_is_read(
    make_app: Callable[..., KitApp], path: str
) -> None:
    """Whoever was found before in the same request is not asked for again."""
    kit_app = make_app(configure=add_routes)
    headers = await signed_in(kit_app)
    kit_app.statements.clear()

    answer = await get(kit_app, path, headers)

    assert answer.json() == 0
    assert len(kit_app.statements) == 2


# -- optional users and claims ---------------------------------------------------------


@ONE_DATABASE
async def test_an_optional_user_is_found(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(configure=add_routes)
    headers = await signed_in(kit_app)

    assert (await get(kit_app, "/optional", headers)).json() == "ada@example.com"


@ONE_DATABASE
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic YTpi"}])
async def test_without_a_token_of_ours_there_is_no_optional_user(
    make_app: Callable[..., KitApp], headers: dict[str, str]
) -> None:
    kit_app = make_app(configure=add_routes)

    assert (await get(kit_app, "/optional", headers)).json() == "nobody"


@ONE_DATABASE
async def test_an_optional_user_with_a_bad_token_is_refused(
    make_app: Callable[..., KitApp],
) -> None:
    kit_app = make_app(configure=add_routes)

    answer = await get(kit_app, "/optional", {"Authorization": "Bearer bad"})

    assert answer.status_code == 401


@ONE_DATABASE
async def test_claims_are_read_without_any_statement(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(configure=add_routes)

    answer = await get(kit_app, "/claims", {"Authorization": f"Bearer {forge(kit_app)}"})

    issued_at = kit_app.clock.now.replace(microsecond=0)
    assert answer.json() == ["1", SESSION_ID, issued_at.isoformat()]
    assert kit_app.statements == []


@ONE_DATABASE
async def test_claims_without_a_token_are_refused(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(configure=add_routes)

    assert (await get(kit_app, "/claims")).headers["www-authenticate"] == "Bearer"


# -- the database in a caller's route --------------------------------------------------


@ONE_DATABASE
async def test_contention_in_a_callers_route_is_a_503_and_gives_the_connection_back(
    kit_app: KitApp,
) -> None:
    headers = await signed_in(kit_app)
    raw = [(b"authorization", headers["Authorization"].encode())]

    class Deadlock(Exception):
        sqlstate = "40P01"

    async with kit_app.sessions() as session:

        def fail(*_: Any) -> None:
            raise OperationalError("select", {}, Deadlock())

        await session.connection()
        session.sync_session.execute = fail  # type: ignore[method-assign]  # as a driver would
        with pytest.raises(DatabaseUnavailable):
            await kit_app.auth.authentication.of_request(
                HTTPConnection({"type": "http", "headers": raw}), session
            )

        assert not session.in_transaction()
