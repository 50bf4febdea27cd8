"""Options that cannot work are refused at start; routes can be chosen."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    ConfigurationError,
    Passwords,
    Routes,
    SessionMixin,
    Sessions,
    get_session_router,
)
from fastauth_kit.core.hooks import IssuedSession
from tests.kit_app import SECRET, IntSession, IntUser, UuidSession


async def get_session() -> Any:
    """Stand in where nothing is asked of a database."""


def build(**options: Any) -> AuthKit[Any]:
    return AuthKit(
        user_model=IntUser,
        get_session=get_session,
        settings=AuthSettings(secret_key=SECRET),
        features=(Accounts(), Passwords(), Sessions(**{"model": IntSession, **options})),
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"access_token_lifetime": timedelta(0)}, "access_token_lifetime must be"),
        ({"access_token_lifetime": timedelta(milliseconds=999)}, "access_token_lifetime must be"),
        ({"access_token_lifetime": timedelta(seconds=-1)}, "access_token_lifetime must be"),
        ({"access_token_lifetime": timedelta(days=15)}, "lifetimes must grow"),
        ({"idle_lifetime": timedelta(minutes=29)}, "lifetimes must grow"),
        ({"idle_lifetime": timedelta(days=91)}, "lifetimes must grow"),
        ({"absolute_lifetime": timedelta(days=13)}, "lifetimes must grow"),
        ({"refresh_grace": timedelta(microseconds=-1)}, "refresh_grace must be"),
        ({"refresh_grace": timedelta(minutes=5, microseconds=1)}, "refresh_grace must be"),
    ],
)
def test_lifetimes_that_cannot_work_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        Sessions(model=IntSession, **options)


def test_lifetimes_may_all_be_the_same() -> None:
    hour = timedelta(hours=1)

    sessions = Sessions(
        model=IntSession,
        access_token_lifetime=hour,
        idle_lifetime=hour,
        absolute_lifetime=hour,
        refresh_grace=timedelta(minutes=5),
    )

    assert sessions.absolute_lifetime == hour


def test_sessions_of_another_user_table_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"UuidSession\.__auth_user__ must be IntUser"):
        build(model=UuidSession)


class OwnBase(DeclarativeBase):
    """Tables of this file alone."""


class ShortSession(SessionMixin[int], OwnBase):
    __tablename__ = "short_sessions"
    __auth_user__ = IntUser


class LongSession(ShortSession):
    """Joined inheritance: its columns are in two tables."""

    __tablename__ = "long_sessions"
    id: Mapped[UUID] = mapped_column(ForeignKey("short_sessions.id"), primary_key=True)


def test_sessions_in_two_tables_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="LongSession must keep its columns in one table"):
        build(model=LongSession)


def test_a_table_without_an_owner_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"IntUser\.__auth_user__ must be IntUser"):
        build(model=IntUser)


def paths(app: FastAPI) -> set[tuple[str, str]]:
    found = app.openapi()["paths"]
    return {(method, path) for path, methods in found.items() for method in methods}


ALL = {
    ("post", "/refresh"),
    ("post", "/logout"),
    ("get", "/sessions"),
    ("delete", "/sessions"),
    ("delete", "/sessions/{session_id}"),
}


def test_the_session_router_has_the_routes_of_the_sessions_alone() -> None:
    app = FastAPI()
    app.include_router(get_session_router(build()))

    assert paths(app) == ALL


def test_the_session_router_takes_routes() -> None:
    app = FastAPI()
    routes = Routes(only=["refresh", "logout"])
    app.include_router(get_session_router(build(), routes=routes))

    assert paths(app) == {("post", "/refresh"), ("post", "/logout")}


def test_the_session_router_does_not_know_other_routes() -> None:
    with pytest.raises(ConfigurationError, match="login"):
        get_session_router(build(), routes=Routes(without=["login"]))


def test_openapi_names_the_refusals_of_each_route() -> None:
    app = FastAPI()
    app.include_router(get_session_router(build()))
    found = app.openapi()["paths"]

    documented = {
        key: {status for status in found[key[1]][key[0]]["responses"] if status != "default"}
        for key in ALL
    }

    always = {"400", "422", "503"}
    assert documented == {
        ("post", "/refresh"): {"200", "401", "413"} | always,
        ("post", "/logout"): {"204", "401", "413"} | always,
        ("get", "/sessions"): {"200", "401"} | always,
        ("delete", "/sessions"): {"204", "401"} | always,
        ("delete", "/sessions/{session_id}"): {"204", "401", "404"} | always,
    }


def test_issued_tokens_are_not_shown_by_accident() -> None:
    issued = IssuedSession(IntSession().id, "access-secret", "refresh-secret", 60, 600)

    assert "secret" not in repr(issued)
