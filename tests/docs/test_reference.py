"""The reference names what the code has, no less and no more."""

import dataclasses
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

import fastauth_kit
from fastauth_kit import AuthError, AuthKit, Event, get_auth_router, get_users_router
from fastauth_kit.core.feature import Feature
from fastauth_kit.features import audit, lockout, passwords, signing_keys, throttling
from fastauth_kit.features.throttling import redis_store
from tests.docs.pages import PAGES, code_in, table
from tests.docs.programs import DOCS, load
from tools.reference import described_options, options_of, subclasses, with_tables

SETTINGS = DOCS / "reference" / "settings.md"
HTTP = DOCS / "reference" / "http.md"
ERRORS = DOCS / "reference" / "errors.md"
EVENTS = DOCS / "reference" / "events.md"
HOOKS = DOCS / "how-to" / "hooks.md"
PROTECT = DOCS / "how-to" / "protect-your-routes.md"

OPTIONS = (
    "AuthSettings",
    "AuthKit",
    "Accounts",
    "Passwords",
    "PasswordPolicy",
    "PasswordHasher",
    "HashingPool",
    "Sessions",
    "SigningKeys",
    "Routes",
    "ErrorShape",
)


IN_FEATURES = (
    ("throttling.md", "What is counted", "Throttling"),
    ("lockout.md", "Lockout", "Lockout"),
    ("audit.md", "Options", "Audit"),
)

PARTS_OF_THROTTLING = ("Limit", "Limits", "MemoryStore", "RedisStore")


def _class(name: str) -> Any:
    places = (fastauth_kit, passwords, signing_keys, throttling, lockout, audit, redis_store)
    return next(getattr(place, name) for place in places if hasattr(place, name))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_table_made_from_the_code_is_that_of_todays_code(page: Path) -> None:
    """``make reference`` brings them up to date."""
    text = page.read_text("utf-8")

    assert with_tables(text) == text


def test_the_settings_list_what_an_installation_is_made_of() -> None:
    named = {path.rpartition(".")[2] for path in described_options(SETTINGS.read_text("utf-8"))}

    assert named == set(OPTIONS)


def documented_options(page: Path, heading: str) -> dict[str, str]:
    """Return the options of a table and their defaults."""
    return {code_in(row[0])[0]: (code_in(row[1]) or [row[1]])[0] for row in table(page, heading)}


@pytest.mark.parametrize(("page", "heading", "name"), IN_FEATURES)
def test_every_option_of_a_feature_is_on_its_page(page: str, heading: str, name: str) -> None:
    assert documented_options(DOCS / "features" / page, heading) == options_of(_class(name))


@pytest.mark.parametrize("name", PARTS_OF_THROTTLING)
def test_every_option_of_a_part_is_on_the_page(name: str) -> None:
    page = DOCS / "features" / "throttling.md"
    assert documented_options(page, name) == options_of(_class(name))


def test_every_error_code_is_documented_and_none_is_invented() -> None:
    shown = {(code_in(row[0])[0], int(row[1])) for row in table(ERRORS, "Error codes")}

    errors = subclasses(AuthError)
    assert shown == {(e.code, e.status) for e in errors if e.code != AuthError.code}


def _openapi(
    program: str, *more: Feature, without: tuple[type[Feature], ...] = ()
) -> dict[str, Any]:
    auth = load(program).auth
    kept = [feature for feature in auth.features if not isinstance(feature, without)]
    auth = dataclasses.replace(auth, features=(*kept, *more))
    app = FastAPI()
    app.include_router(get_auth_router(auth), prefix="/auth")
    app.include_router(get_users_router(auth), prefix="/users")
    return app.openapi()


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return _openapi("takeover/tutorial.py", signing_keys.SigningKeys())


@pytest.fixture(scope="module")
def openapi_with_mail(openapi: dict[str, Any]) -> dict[str, Any]:
    """What mail adds to it."""
    paths = _openapi("mail.py")["paths"]
    return {"paths": {path: paths[path] for path in paths if path not in openapi["paths"]}}


@pytest.fixture(scope="module")
def openapi_with_audit(openapi: dict[str, Any]) -> dict[str, Any]:
    """What the audit adds to it."""
    paths = _openapi("audit.py")["paths"]
    return {"paths": {path: paths[path] for path in paths if path not in openapi["paths"]}}


def _documented_codes(operation: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get("application/problem+json", {})
        found |= {f"{status} {code}" for code in content.get("examples", {})}
    return found | ({"422 validation_error"} if "422" in operation["responses"] else set())


def _codes(cell: str) -> set[str]:
    parts = re.split(r",|<br>", cell)
    return {part.strip().replace("`", "") for part in parts if part.strip()}


@pytest.fixture(scope="module")
def everywhere() -> list[set[str]]:
    """Errors of every route, of those that need a user, of those with a body."""
    return [_codes(row[1]) for row in table(HTTP, "Everywhere")]


@pytest.mark.parametrize(
    ("prefix", "heading"), [("/auth", "Auth routes"), ("/users", "Users routes")]
)
def test_every_route_is_documented_with_its_errors(
    openapi: dict[str, Any], everywhere: list[set[str]], prefix: str, heading: str
) -> None:
    _compare_routes(openapi, everywhere, prefix, heading)


def test_every_route_by_mail_is_documented_with_its_errors(
    openapi_with_mail: dict[str, Any], everywhere: list[set[str]]
) -> None:
    _compare_routes(openapi_with_mail, everywhere, "/auth", "Routes by mail")


def test_what_differs_in_private_is_documented_with_its_errors(
    everywhere: list[set[str]],
) -> None:
    paths = _openapi("private_registration.py", without=(throttling.Throttling,))["paths"]
    differing = {path: paths[path] for path in ("/auth/register", "/auth/email/verify")}

    _compare_routes({"paths": differing}, everywhere, "/auth", "Private registration")


def test_every_route_of_the_audit_is_documented_with_its_errors(
    openapi_with_audit: dict[str, Any], everywhere: list[set[str]]
) -> None:
    _compare_routes(openapi_with_audit, everywhere, "/auth", "Routes of the audit")


def _compare_routes(
    openapi: dict[str, Any], everywhere: list[set[str]], prefix: str, heading: str
) -> None:
    shown = {}
    for row in table(HTTP, heading):
        method, path = row[0].replace("`", "").split()
        shown[f"{method} {path}"] = (code_in(row[1])[0], _codes(row[-1]))
    actual = {}
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            if path.startswith(prefix):
                codes = _documented_codes(operation) - set[str]().union(*everywhere)
                actual[f"{method.upper()} {path}"] = (operation["operationId"], codes)

    assert shown == actual


def test_the_errors_of_every_route_are_those_of_the_page(
    openapi: dict[str, Any], openapi_with_mail: dict[str, Any], everywhere: list[set[str]]
) -> None:
    always, signed_in, with_body = everywhere
    paths = {**openapi["paths"], **openapi_with_mail["paths"]}
    operations = [op for path in paths.values() for op in path.values()]

    for operation in operations:
        codes = _documented_codes(operation)
        assert always <= codes
        takes_a_token_or_none = {"401 invalid_token"}
        assert codes & signed_in in (set(), signed_in, takes_a_token_or_none)
        assert codes & with_body == (with_body if "requestBody" in operation else set())


def test_every_kind_of_event_is_documented() -> None:
    shown = {code_in(row[0])[0] for row in table(EVENTS, "Events")}

    assert shown == {e.__name__ for e in subclasses(Event)} - {"Event", "Notice"}


@pytest.mark.parametrize("row", table(EVENTS, "Events"), ids=lambda row: str(row[0]))
def test_every_event_can_be_imported_from_where_the_page_says(row: list[str]) -> None:
    module = importlib.import_module(f"fastauth_kit.{code_in(row[1])[0]}")

    assert code_in(row[0])[0] in module.__all__


@pytest.mark.parametrize("row", table(HOOKS, "Hooks"), ids=lambda row: str(row[0]))
def test_every_hook_is_public_and_has_the_method(row: list[str]) -> None:
    name, method = code_in(row[0])[0], code_in(row[1])[0].partition("(")[0]

    assert name in fastauth_kit.__all__
    assert inspect.isfunction(getattr(_class(name), method))


@pytest.mark.parametrize(
    "row", table(PROTECT, "Protect your own routes"), ids=lambda row: str(row[0])
)
def test_every_dependency_exists(row: list[str]) -> None:
    assert hasattr(AuthKit, code_in(row[0])[0].removeprefix("auth.").partition("(")[0])
