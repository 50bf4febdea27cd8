"""Who opened a WebSocket, without holding a connection of the pool."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fastauth_kit import AuthKit, WebSocketUser
from fastauth_kit.core.database import Database
from fastauth_kit.core.websockets import POLICY_VIOLATION, SUBPROTOCOL, TRY_AGAIN_LATER
from tests.core.forgery import forge
from tests.core.parts import add_rows, checked_out, fetch, taken_connection
from tests.core.sockets import Message, connect
from tests.kit_app import IntPost, IntUser, KitApp, bearer, build_app

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


def add_routes(app: FastAPI, auth: AuthKit[Any]) -> None:
    """What a caller writes."""

    @app.websocket("/socket")
    async def socket(
        websocket: WebSocket, who: Annotated[WebSocketUser[Any], Depends(auth.websocket_user)]
    ) -> None:
        await websocket.accept(subprotocol=who.subprotocol)
        try:
            while True:
                question = await websocket.receive_text()
                valid = await who.still_valid()
                await websocket.send_text(who.user.email if question == "who" else str(valid))
        except WebSocketDisconnect:
            pass

    @app.websocket("/writer")
    async def writer(
        websocket: WebSocket,
        who: Annotated[WebSocketUser[Any], Depends(auth.websocket_user)],
        session: Annotated[Any, Depends(auth.get_session)],
    ) -> None:
        await websocket.accept()
        own = Database(session)  # runs their steps, whichever kind of session it is
        post = await own.run(lambda found: found.scalars(select(IntPost)).one())
        await own.run(Session.commit)
        valid = await who.still_valid()
        await own.run(lambda _: setattr(post, "title", "changed"))
        await own.run(Session.commit)
        await websocket.send_text(str(valid))

    @app.websocket("/busy")
    async def busy(
        websocket: WebSocket,
        session: Annotated[Any, Depends(auth.get_session)],
        who: Annotated[WebSocketUser[Any], Depends(auth.websocket_user)],
    ) -> None:
        own = Database(session)
        session.add(IntPost(author_id=who.user.id, title="pending"))
        await own.run(Session.flush)
        valid = await who.still_valid()
        await own.run(Session.commit)
        await websocket.accept()
        await websocket.send_text(str(valid))


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    """An installation with sockets."""
    return make_app(configure=add_routes)


async def signed_in(kit_app: KitApp) -> dict[str, Any]:
    await kit_app.add_user()
    return await kit_app.sign_in()


async def first_message(kit_app: KitApp, **options: Any) -> Message:
    async with connect(kit_app.app, **options) as socket:
        return await socket.receive()


# -- opening ---------------------------------------------------------------------------


async def test_a_token_in_the_header_opens_a_socket(kit_app: KitApp) -> None:
    headers = bearer(await signed_in(kit_app))

    async with connect(kit_app.app, headers=headers) as socket:
        accepted = await socket.receive()

        assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", None)
        assert await socket.ask("who") == "ada@example.com"


async def test_a_token_offered_as_a_subprotocol_opens_a_socket(kit_app: KitApp) -> None:
    tokens = await signed_in(kit_app)
    offered = (SUBPROTOCOL, tokens["access_token"])

    accepted = await first_message(kit_app, subprotocols=offered)

    assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", SUBPROTOCOL)


@ONE_DATABASE
async def test_a_subprotocol_of_the_callers_is_left_to_them(kit_app: KitApp) -> None:
    headers = bearer(await signed_in(kit_app))

    accepted = await first_message(kit_app, headers=headers, subprotocols=["chat", "x"])

    assert accepted["subprotocol"] is None


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "not_authenticated"),
    "another scheme": ({"headers": {"Authorization": "Basic YTpi"}}, "not_authenticated"),
    "a bad token": ({"headers": {"Authorization": "Bearer bad"}}, "invalid_token"),
    "a bad token offered": ({"subprotocols": [SUBPROTOCOL, "bad"]}, "invalid_token"),
    "a token beyond Latin-1 offered": (
        {"subprotocols": [SUBPROTOCOL, "b\u0430d"]},
        "invalid_token",
    ),
    "a token of bytes offered": ({"subprotocols": [SUBPROTOCOL, "b\xe4d"]}, "invalid_token"),
    "no token offered": ({"subprotocols": [SUBPROTOCOL]}, "not_authenticated"),
    "two tokens offered": ({"subprotocols": [SUBPROTOCOL, "a", "b"]}, "not_authenticated"),
    "token only, as another protocol": ({"subprotocols": ["chat", "bad"]}, "not_authenticated"),
    "header and offer": (
        {"headers": {"Authorization": "Bearer a"}, "subprotocols": [SUBPROTOCOL, "a"]},
        "ambiguous_credentials",
    ),
}


@ONE_DATABASE
@pytest.mark.parametrize(("options", "code"), REFUSED.values(), ids=REFUSED)
async def test_a_socket_without_a_good_token_is_refused(
    kit_app: KitApp, options: dict[str, Any], code: str
) -> None:
    refused = await first_message(kit_app, **options)

    assert refused == {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": code}


async def test_a_socket_of_a_session_that_is_over_is_refused(kit_app: KitApp) -> None:
    headers = bearer(await signed_in(kit_app))
    async with kit_app.client(headers=headers) as client:
        await client.post("/api/auth/logout")

    refused = await first_message(kit_app, headers=headers)

    assert (refused["code"], refused["reason"]) == (POLICY_VIOLATION, "invalid_token")


@ONE_DATABASE
async def test_a_socket_is_put_off_while_the_database_is_away(database_kind: str) -> None:
    away = build_app("sqlite+aiosqlite:////no/such/folder/app.db", configure=add_routes)
    headers = {"Authorization": f"Bearer {forge(away)}"}

    refused = await first_message(away, headers=headers)

    assert (refused["code"], refused["reason"]) == (TRY_AGAIN_LATER, "database_unavailable")
    await away.engine.dispose()


# -- while it is open ------------------------------------------------------------------


async def test_open_sockets_hold_no_connection(make_app: Callable[..., KitApp]) -> None:
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 1}
    kit_app = make_app(configure=add_routes, engine_options=options)
    headers = bearer(await signed_in(kit_app))

    async with (
        connect(kit_app.app, headers=headers) as first,
        connect(kit_app.app, headers=headers) as second,
        kit_app.client(headers=headers) as client,
    ):
        for socket in (first, second):
            assert (await socket.receive())["type"] == "websocket.accept"
        assert await first.ask("valid?") == "True"
        assert checked_out(kit_app) == 0

        assert (await client.get("/api/users/me")).status_code == 200


@pytest.mark.parametrize("path", ["/api/auth/logout", "deactivate"])
async def test_a_socket_learns_that_its_session_is_over(kit_app: KitApp, path: str) -> None:
    headers = bearer(await signed_in(kit_app))

    async with (
        connect(kit_app.app, headers=headers) as socket,
        kit_app.client(headers=headers) as client,
    ):
        await socket.receive()
        assert await socket.ask("valid?") == "True"
        if path == "deactivate":
            async with kit_app.sessions.begin() as session:
                await session.execute(update(IntUser).values(is_active=False))
        else:
            await client.post(path)

        assert await socket.ask("valid?") == "False"


@ONE_DATABASE
async def test_asking_whether_it_holds_takes_one_statement(kit_app: KitApp) -> None:
    headers = bearer(await signed_in(kit_app))

    async with connect(kit_app.app, headers=headers) as socket:
        await socket.receive()
        kit_app.statements.clear()
        await socket.ask("valid?")

    assert len(kit_app.statements) == 1


@ONE_DATABASE
async def test_the_last_answer_stands_while_the_database_is_away(
    make_app: Callable[..., KitApp],
) -> None:
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.01}
    kit_app = make_app(configure=add_routes, engine_options=options)
    headers = bearer(await signed_in(kit_app))

    async with connect(kit_app.app, headers=headers) as socket:
        await socket.receive()
        async with taken_connection(kit_app):
            assert await socket.ask("valid?") == "True"


async def test_rows_of_the_caller_stay_in_their_session(kit_app: KitApp) -> None:
    """A row that silently left it would never be written again."""
    headers = bearer(await signed_in(kit_app))
    author_id = (await fetch(kit_app, select(IntUser.id)))[0]
    await add_rows(kit_app, IntPost(author_id=author_id, title="old"))

    async with connect(kit_app.app, "/writer", headers=headers) as socket:
        await socket.receive()
        assert (await socket.receive())["text"] == "True"

    assert await fetch(kit_app, select(IntPost.title)) == ["changed"]


async def test_a_transaction_of_the_callers_goes_on(kit_app: KitApp) -> None:
    headers = bearer(await signed_in(kit_app))

    async with connect(kit_app.app, "/busy", headers=headers) as socket:
        await socket.receive()
        assert (await socket.receive())["text"] == "True"

    assert await fetch(kit_app, select(IntPost.title)) == ["pending"]
