"""Which routes there are, who may call them, and what OpenAPI says of them."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import FastAPIError

from fastauth_kit import (
    Accounts,
    AuthError,
    ConfigurationError,
    Passwords,
    Routes,
    Sessions,
    get_auth_router,
    get_password_router,
    get_register_router,
    get_session_router,
    get_users_router,
)
from fastauth_kit.features.passwords import PasswordHasher
from tests.core.test_kit import build
from tests.kit_app import IntSession, KitApp, bearer, cheap_context

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

AUTH_ROUTES = {
    "register",
    "login",
    "confirm_password",
    "change_password",
    "refresh",
    "logout",
    "list_sessions",
    "revoke_session",
    "revoke_other_sessions",
}


@pytest.fixture
def auth() -> Any:
    """A kit that no request reaches."""
    hasher = PasswordHasher(context=cheap_context())
    return build(features=(Accounts(), Passwords(hasher=hasher), Sessions(model=IntSession)))


def operation_ids(*routers: APIRouter) -> list[str]:
    """Return every operation id that OpenAPI shows; a duplicate is a warning, an error here."""
    app = FastAPI()
    for number, router in enumerate(routers):
        app.include_router(router, prefix=f"/{number}")
    return [
        operation["operationId"]
        for path in app.openapi()["paths"].values()
        for operation in path.values()
    ]


def test_the_auth_router_has_the_routes_of_every_feature(auth: Any) -> None:
    assert set(operation_ids(get_auth_router(auth))) == AUTH_ROUTES


@pytest.mark.parametrize(
    ("build_router", "names"),
    [
        (get_register_router, {"register"}),
        (get_password_router, {"login", "confirm_password", "change_password"}),
        (
            get_session_router,
            AUTH_ROUTES - {"register", "login", "confirm_password", "change_password"},
        ),
    ],
)
def test_each_feature_has_a_router_of_its_own(
    auth: Any, build_router: Any, names: set[str]
) -> None:
    assert set(operation_ids(build_router(auth))) == names


def test_only_the_chosen_routes_are_there(auth: Any) -> None:
    router = get_auth_router(auth, routes=Routes(only=["login", "refresh"]))

    assert set(operation_ids(router)) == {"login", "refresh"}


def test_no_route_is_a_choice_too(auth: Any) -> None:
    assert operation_ids(get_auth_router(auth, routes=Routes(only=[]))) == []


def test_routes_are_left_out(auth: Any) -> None:
    router = get_auth_router(auth, routes=Routes(without=["register"]))

    assert set(operation_ids(router)) == AUTH_ROUTES - {"register"}


def test_what_is_left_out_is_not_chosen(auth: Any) -> None:
    routes = Routes(only=["login", "register"], without=["register"])

    assert operation_ids(get_auth_router(auth, routes=routes)) == ["login"]


@pytest.mark.parametrize(
    "routes",
    [
        Routes(only=["login", "signin"]),
        Routes(without=["signin"]),
        Routes(guards={"signin": []}),
    ],
    ids=["only", "without", "guards"],
)
def test_a_route_that_does_not_exist_is_refused_with_those_that_do(
    auth: Any, routes: Routes
) -> None:
    """A guard under a misspelled name would guard nothing."""
    with pytest.raises(ConfigurationError, match=r"names signin; there are: .*login.*register"):
        get_auth_router(auth, routes=routes)


def test_two_kits_in_one_app_have_operation_ids_of_their_own(auth: Any) -> None:
    prefixed = Routes(operation_id_prefix="staff_")

    found = operation_ids(
        get_auth_router(auth),
        get_users_router(auth),
        get_auth_router(auth, routes=prefixed),
        get_users_router(auth, routes=prefixed),
    )

    assert len(set(found)) == len(found)
    assert {f"staff_{name}" for name in AUTH_ROUTES} <= set(found)


def test_a_users_router_without_a_prefix_fails_at_start_with_a_sentence(auth: Any) -> None:
    with pytest.raises((ConfigurationError, FastAPIError), match=r"[Pp]refix"):
        FastAPI().include_router(get_users_router(auth))


def test_an_auth_router_without_a_prefix_works(auth: Any) -> None:
    app = FastAPI()
    app.include_router(get_auth_router(auth))

    assert "/login" in app.openapi()["paths"]


# -- guards ----------------------------------------------------------------------------


class NotToday(AuthError):
    code = "not_today"
    status = 403


def guarded(name: str, order: list[str], *, refuse: bool) -> Callable[[FastAPI, Any], None]:
    """Mount guarded copies of the routers."""

    async def guard() -> None:
        order.append("guard")
        if refuse:
            raise NotToday

    def configure(app: FastAPI, auth: Any) -> None:
        routes = Routes(guards={name: [Depends(guard)]}, operation_id_prefix="g_")
        app.include_router(get_auth_router(auth, routes=routes), prefix="/guarded")

    return configure


async def log_in(kit_app: KitApp) -> httpx2.Response:
    async with kit_app.client() as client:
        body = {"email": "ada@example.com", "password": "correct horse battery"}
        return await client.post("/guarded/login", json=body)


@ONE_DATABASE
async def test_a_guard_runs_before_its_route(make_app: Callable[..., KitApp]) -> None:
    order: list[str] = []
    kit_app = make_app(configure=guarded("login", order, refuse=False))
    await kit_app.add_user()

    assert (await log_in(kit_app)).status_code == 200
    assert order == ["guard"]


@ONE_DATABASE
async def test_a_guard_refuses_before_any_statement(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(configure=guarded("login", [], refuse=True))
    await kit_app.add_user()
    kit_app.statements.clear()

    answer = await log_in(kit_app)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_today")
    assert answer.headers["content-type"] == "application/problem+json"
    assert kit_app.statements == []


@ONE_DATABASE
async def test_a_guard_of_one_route_is_not_asked_for_another(
    make_app: Callable[..., KitApp],
) -> None:
    kit_app = make_app(configure=guarded("login", [], refuse=True))
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())

    async with kit_app.client(headers=headers) as client:
        assert (await client.post("/guarded/logout")).status_code == 204


# -- OpenAPI ---------------------------------------------------------------------------


def documented(auth: Any, name: str) -> set[str]:
    app = FastAPI()
    app.include_router(get_auth_router(auth))
    for path in app.openapi()["paths"].values():
        for operation in path.values():
            if operation["operationId"] == name:
                return set(operation["responses"])
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("login", {"200", "202", "400", "401", "413", "422", "503"}),
        ("register", {"201", "400", "403", "409", "413", "422", "503"}),
        ("list_sessions", {"200", "400", "401", "422", "503"}),
    ],
)
def test_each_route_documents_what_it_answers(auth: Any, name: str, statuses: set[str]) -> None:
    assert documented(auth, name) == statuses
