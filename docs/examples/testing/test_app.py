"""Run with: pytest test_app.py (needs pip install 'fastauth-kit[testing]')."""

# ruff: noqa: S101  # assert is what pytest reads

import pytest
from app import User, app
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastauth_kit import AuthKit

# --8<-- [start:imports]
from fastauth_kit.surfaces.testing import (
    AuthClients,
    FrozenClock,
    Mailbox,
    MakeUser,
    SweptRoute,
    assert_requires_login,
    assert_requires_superuser,
    login_required_routes,
)

# --8<-- [end:imports]


# --8<-- [start:sync]
def test_a_note_is_its_owners_alone(
    make_user: MakeUser[User], auth_client: AuthClients[User]
) -> None:
    ada, grace = auth_client(make_user()), auth_client(make_user(is_verified=True))

    number = ada.post("/notes?text=Engines").json()

    assert ada.get(f"/notes/{number}").json() == "Engines"
    assert grace.get(f"/notes/{number}").json() is None


# --8<-- [end:sync]


# --8<-- [start:clock]
def test_a_session_ends_after_half_an_hour_without_a_refresh(
    make_user: MakeUser[User], auth_client: AuthClients[User], auth_clock: FrozenClock
) -> None:
    client = auth_client(make_user())

    auth_clock.advance(minutes=31)

    assert client.get("/hello").status_code == 401


# --8<-- [end:clock]


# --8<-- [start:mail]
def test_a_forgotten_password_is_replaced(
    make_user: MakeUser[User], auth_client: AuthClients[User], auth_mailbox: Mailbox
) -> None:
    ada, client = make_user(), auth_client()

    client.post("/api/auth/password/forgot", json={"email": ada.email})
    letter = auth_mailbox.last_to(ada.email)
    body = {"token": letter.token, "new_password": "staple the correct horse"}

    assert client.post("/api/auth/password/reset", json=body).status_code == 204


# --8<-- [end:mail]


# --8<-- [start:sweep]
def test_every_route_wants_a_login(app: FastAPI) -> None:
    assert_requires_login(app, except_=["/health"])


@pytest.mark.parametrize("route", login_required_routes(app, except_=["/health"]), ids=str)
def test_it_wants_a_login(app: FastAPI, route: SweptRoute) -> None:
    assert_requires_login(app, routes=[route])


def test_administration_is_for_superusers(
    make_user: MakeUser[User], auth_client: AuthClients[User]
) -> None:
    assert_requires_superuser(auth_client(make_user()), under="/admin")


# --8<-- [end:sweep]


# --8<-- [start:override]
def test_a_route_alone(app: FastAPI, auth: AuthKit[User]) -> None:
    somebody = User(id=1, email="somebody@example.com")
    app.dependency_overrides[auth.current_user] = lambda: somebody
    with TestClient(app) as client:
        answer = client.get("/hello").json()
    app.dependency_overrides.clear()

    assert answer == "Hello somebody@example.com"


# --8<-- [end:override]
