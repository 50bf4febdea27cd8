"""The passwords' routes as a router of their own."""

import pytest
from fastapi import FastAPI

from fastauth_kit import Routes, get_password_router
from tests.kit_app import KitApp

one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@one_database
async def test_the_password_router_has_the_routes_of_the_passwords_alone(kit_app: KitApp) -> None:
    app = FastAPI()
    app.include_router(get_password_router(kit_app.auth))

    assert set(app.openapi()["paths"]) == {"/login", "/password/confirm", "/password/change"}


@one_database
async def test_the_password_router_takes_routes(kit_app: KitApp) -> None:
    app = FastAPI()
    app.include_router(get_password_router(kit_app.auth, routes=Routes(only=["login"])))

    assert set(app.openapi()["paths"]) == {"/login"}
