"""What the test kit gives to tests that cannot await."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, WebSocket
from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session

from fastauth_kit import AuthKit
from fastauth_kit.core.websockets import WebSocketUser
from fastauth_kit.features.cookies import Cookies
from fastauth_kit.features.password_reset import PasswordReset
from fastauth_kit.surfaces.testing import AuthClients, FrozenClock, Mailbox, MakeUser
from tests.kit_app import KitApp
from tests.mailing import mail_features, once

pytest_plugins = ["fastauth_kit_pytest"]


def add_routes(app: FastAPI, auth: AuthKit[Any]) -> None:
    @app.websocket("/ws")
    async def talk(
        websocket: WebSocket, who: Annotated[WebSocketUser[Any], Depends(auth.websocket_user)]
    ) -> None:
        await websocket.accept(who.subprotocol)
        await websocket.send_text(who.user.email)
        await websocket.close()


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    # each test has an event loop of its own, and a connection belongs to one
    return make_app(
        more_features=(*mail_features(PasswordReset()), Cookies()),
        configure=add_routes,
        engine_options={"poolclass": NullPool},
    )


@pytest.fixture
def auth(kit_app: KitApp) -> AuthKit[Any]:
    return kit_app.auth


@pytest.fixture
def app(kit_app: KitApp) -> FastAPI:
    return kit_app.app


def test_two_clients_are_two_users(make_user: MakeUser[Any], auth_client: AuthClients[Any]) -> None:
    ada, grace = make_user(name="Ada"), make_user(name="Grace", is_superuser=True)
    first, second = auth_client(ada), auth_client(grace)

    assert first.get("/api/users/me").json()["name"] == "Ada"
    assert second.get(f"/api/users/{ada.id}").status_code == 200
    assert first.get(f"/api/users/{grace.id}").status_code == 403


def test_a_page_sends_cookies(make_user: MakeUser[Any], auth_client: AuthClients[Any]) -> None:
    client = auth_client(make_user(), transport="cookie")

    assert client.post("/api/auth/refresh").status_code == 200
    assert client.post("/api/auth/logout").status_code == 204
    assert client.get("/api/users/me").status_code == 401


def test_a_letter_is_there_with_the_answer(
    make_user: MakeUser[Any], auth_client: AuthClients[Any], auth_mailbox: Mailbox
) -> None:
    user = make_user()

    auth_client().post("/api/auth/password/forgot", json={"email": user.email})

    assert auth_mailbox.last_to(user.email).token


def test_time_moves_when_it_is_told_to(
    make_user: MakeUser[Any], auth_client: AuthClients[Any], auth_clock: FrozenClock
) -> None:
    client = auth_client(make_user())

    auth_clock.advance(minutes=31)

    assert client.get("/api/users/me").status_code == 401


@once
def test_a_socket_is_opened_by_the_user(
    make_user: MakeUser[Any], auth_client: AuthClients[Any]
) -> None:
    user = make_user()

    with auth_client(user).websocket_connect("/ws") as socket:
        assert socket.receive_text() == user.email


@once
def test_a_user_made_in_the_tests_own_session_stays_in_it(
    tables: str, make_user: MakeUser[Any], auth_client: AuthClients[Any]
) -> None:
    engine = create_engine(tables.replace("+aiosqlite", ""))
    with Session(engine) as session:
        user = make_user(session=session)
        user.name = "Ada"
        session.commit()

        assert auth_client(user).get("/api/users/me").json()["name"] == "Ada"
    engine.dispose()
