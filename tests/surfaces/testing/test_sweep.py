"""Every route of an app is asked whether it lets in who should stay out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket, WebSocketException
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import NullPool
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Route, Router

from fastauth_kit import AuthKit
from fastauth_kit.surfaces.testing import (
    AsyncAuthClients,
    AsyncMakeUser,
    AuthClients,
    MakeUser,
    SweptRoute,
    assert_requires_login,
    assert_requires_superuser,
    async_assert_requires_login,
    async_assert_requires_superuser,
    login_required_routes,
    probe,
)
from tests.kit_app import KitApp
from tests.mailing import once

pytest_plugins = ["fastauth_kit_pytest"]


class Colour(Enum):
    RED = "red"


def guarded(app: FastAPI, auth: AuthKit[Any]) -> None:
    """Add routes of every kind, all of them shut."""
    router = APIRouter(prefix="/items", dependencies=[Depends(auth.current_user)])

    @router.get("/{number}/{key}/{colour}/{size}/{day}/{maybe}/{price}/{name}")
    async def read(  # noqa: PLR0917  # one of each type
        number: int,
        key: UUID,
        colour: Colour,
        size: Literal["small", "large"],
        day: date,
        maybe: int | None,
        price: Decimal,
        name: str,
    ) -> None: ...

    @router.api_route("/{path:path}", methods=["PUT", "DELETE"])
    async def change(path: str) -> None: ...

    admin = APIRouter(prefix="/admin", dependencies=[Depends(auth.current_superuser)])

    @admin.post("/purge/{count:int}")
    async def purge(count: int) -> None: ...

    @app.websocket("/ws/{room}")
    async def talk(websocket: WebSocket, room: int, who: Annotated[Any, _socket(auth)]) -> None: ...

    outer = APIRouter()
    outer.include_router(admin)
    app.include_router(router, prefix="/v1")
    app.include_router(outer, prefix="/v1")


def _socket(auth: AuthKit[Any]) -> Any:
    return Depends(auth.websocket_user)


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(configure=guarded, engine_options={"poolclass": NullPool})


@pytest.fixture
def auth(kit_app: KitApp) -> AuthKit[Any]:
    return kit_app.auth


@pytest.fixture
def app(kit_app: KitApp) -> FastAPI:
    return kit_app.app


@once
def test_an_app_whose_routes_are_shut_passes(app: FastAPI) -> None:
    assert_requires_login(app)


@once
async def test_it_passes_where_one_can_await(app: FastAPI) -> None:
    await async_assert_requires_login(app)


@once
def test_the_routes_are_its_own_each_with_a_url_that_fits(app: FastAPI) -> None:
    found = {str(route): route.url for route in login_required_routes(app)}

    assert found == {
        "GET /v1/items/{number}/{key}/{colour}/{size}/{day}/{maybe}/{price}/{name}": (
            f"/v1/items/1/{UUID(int=0)}/red/small/2030-01-01/1/1/x"
        ),
        "DELETE /v1/items/{path:path}": "/v1/items/x",
        "PUT /v1/items/{path:path}": "/v1/items/x",
        "POST /v1/admin/purge/{count:int}": "/v1/admin/purge/1",
        "WEBSOCKET /ws/{room}": "/ws/1",
    }


@once
def test_each_route_can_be_a_test_of_its_own(app: FastAPI) -> None:
    for route in login_required_routes(app):
        assert_requires_login(app, routes=[route])


@once
async def test_open_routes_are_listed_with_what_they_did(app: FastAPI) -> None:
    add_open_routes(app)

    with pytest.raises(AssertionError) as caught:
        await async_assert_requires_login(app)

    assert str(caught.value).splitlines()[1:] == [
        "  GET /open: 200",
        "  GET /broken: 500",
        "  GET /endless: 200",
        "  WEBSOCKET /open-ws: accepted",
        "  GET /sub/inside/{name}: 200",
        "  GET /files/: 404",
        "  GET /hosted: 200",
    ]


@once
def test_routes_that_are_open_on_purpose_are_excepted(app: FastAPI) -> None:
    add_open_routes(app)
    named = ["/open", "GET /broken", "/endless", "/open-ws", "/sub/inside/{name}", "/files/"]

    assert_requires_login(app, except_=[*named, "/hosted"])


def add_open_routes(app: FastAPI) -> None:
    @app.get("/open")
    async def is_open() -> None: ...

    @app.get("/broken")
    async def breaks() -> None:
        raise ZeroDivisionError

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        return StreamingResponse(_without_end())

    @app.websocket("/open-ws")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    async def inside(request: Request) -> PlainTextResponse:
        return PlainTextResponse("inside")

    app.mount("/sub", Router([Route("/inside/{name}", inside)]))
    app.mount("/files", StaticFiles(directory="."))
    app.router.routes.append(Host("testserver", Router([Route("/hosted", inside)])))


async def _without_end() -> AsyncIterator[str]:
    while True:
        yield "more"
        await asyncio.sleep(0)


@once
def test_an_exception_that_names_nothing_is_stale(app: FastAPI) -> None:
    with pytest.raises(AssertionError, match="no route of the app: POST /gone"):
        assert_requires_login(app, except_=["POST /gone"])


def test_nothing_to_ask_is_no_success() -> None:
    with pytest.raises(AssertionError, match="no route to ask"):
        login_required_routes(FastAPI())


@once
async def test_a_route_that_says_nothing_did_not_refuse(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "PATIENCE_SECONDS", 0.05)

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await receive()

    async def ends(scope: Any, receive: Any, send: Any) -> None: ...

    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    route = SweptRoute("GET", "/", "/")
    found = [await probe.answer_of(app, route, ()) for app in (silent, ends, fails)]

    assert found == ["no answer", "no answer", "ZeroDivisionError"]


def test_routes_for_superusers_are_shut_to_others(
    make_user: MakeUser[Any], auth_client: AuthClients[Any]
) -> None:
    client = auth_client(make_user())

    assert_requires_superuser(client, under="/v1/admin")
    with pytest.raises(AssertionError, match=r"DELETE /v1/items/\{path:path\}: 200"):
        assert_requires_superuser(client, except_=["/ws/{room}"])


async def test_routes_for_superusers_are_shut_where_one_can_await(
    async_make_user: AsyncMakeUser[Any], async_auth_client: AsyncAuthClients[Any]
) -> None:
    client = await async_auth_client(await async_make_user())

    await async_assert_requires_superuser(client, under="/v1/admin/")


@once
async def test_a_superuser_is_not_refused(
    async_make_user: AsyncMakeUser[Any], async_auth_client: AsyncAuthClients[Any]
) -> None:
    client = await async_auth_client(await async_make_user(is_superuser=True))

    with pytest.raises(AssertionError, match=r"POST /v1/admin/purge/\{count:int\}: 200"):
        await async_assert_requires_superuser(client, under="/v1/admin")


@once
async def test_a_path_without_routes_is_no_success(
    async_make_user: AsyncMakeUser[Any], async_auth_client: AsyncAuthClients[Any]
) -> None:
    client = await async_auth_client(await async_make_user())

    with pytest.raises(AssertionError, match="no route under /adm"):
        await async_assert_requires_superuser(client, under="/adm")


@once
def test_a_socket_may_refuse_with_a_status_of_its_own(app: FastAPI) -> None:
    @app.websocket("/shut")
    async def shut(websocket: WebSocket) -> None:
        raise WebSocketException(1008)

    @app.websocket("/denied")
    async def denied(websocket: WebSocket) -> None:
        await websocket.send_denial_response(PlainTextResponse("no", status_code=403))

    assert_requires_login(app)
