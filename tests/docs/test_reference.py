"""The reference names what the code has, no less and no more."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

import fastauth_kit
from fastauth_kit import AuthError, AuthKit, Event, get_auth_router, get_users_router
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.notices import Notice
from fastauth_kit.features import audit, lockout, passwords, signing_keys, throttling
from fastauth_kit.features.throttling import redis_store
from tests.docs.pages import code_in, table
from tests.docs.programs import DOCS, load

SETTINGS = DOCS / "reference" / "settings.md"
HTTP = DOCS / "reference" / "http.md"
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


def options_of(kind: Any) -> dict[str, str]:
    """Return the options of a class and their defaults, as a reader would write them."""
    if not dataclasses.is_dataclass(kind):
        parameters = inspect.signature(kind).parameters.values()
        return {parameter.name: _of_parameter(parameter) for parameter in parameters}
    return {field.name: _default(field) for field in dataclasses.fields(kind)}


def _of_parameter(parameter: inspect.Parameter) -> str:
    return "required" if parameter.default is parameter.empty else _written(parameter.default)


def _default(field: Any) -> str:
    if field.default_factory is not dataclasses.MISSING:
        factory = field.default_factory
        return repr(factory()) if isinstance(factory(), dict) else f"{factory.__name__}()"
    if field.default is dataclasses.MISSING:
        return "required"
    return _written(field.default)


def _written(value: Any) -> str:
    if hasattr(value, "total_seconds"):
        units = {"days": 86400, "minutes": 60, "seconds": 1}
        seconds = int(value.total_seconds())
        unit = next(name for name, size in units.items() if seconds % size == 0)
        return f"timedelta({unit}={seconds // units[unit]})"
    if inspect.isfunction(value) or inspect.isclass(value):
        return str(value.__name__)
    if not dataclasses.is_dataclass(value):
        return repr(value)
    nothing_set = value == type(value)()
    return f"{type(value).__name__}({'' if nothing_set else '...'})"


def _shown(rows: list[list[str]]) -> dict[str, str]:
    return {code_in(row[0])[0]: (code_in(row[1]) or [row[1]])[0] for row in rows}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_is_documented_with_its_default(name: str) -> None:
    assert documented_options(SETTINGS, name) == options_of(_class(name))


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


def _modules() -> Iterator[Any]:
    for module in pkgutil.walk_packages(fastauth_kit.__path__, "fastauth_kit."):
        yield importlib.import_module(module.name)


def _subclasses(kind: type[Any]) -> set[type[Any]]:
    """Return every class of the kit's own below another."""
    list(_modules())
    found = {kind}
    for child in kind.__subclasses__():
        found |= _subclasses(child)
    return {item for item in found if item.__module__.startswith("fastauth_kit.")}


def test_every_error_code_is_documented_and_none_is_invented() -> None:
    shown = {(code_in(row[0])[0], int(row[1])) for row in table(HTTP, "Error codes")}

    errors = _subclasses(AuthError)
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


def test_every_event_is_documented_with_its_fields() -> None:
    rows = table(HOOKS, "Events")
    shown = {
        (code_in(row[0])[0], code_in(row[1])[0], tuple(code_in(row[2])), row[3] != "failure")
        for row in rows
    }

    # by name: a dataclass with slots is there twice
    bases = {Event.__name__, Notice.__name__}
    events: set[Any] = {event for event in _subclasses(Event) if event.__name__ not in bases}
    assert shown == {
        (
            event.__name__,
            ".".join(event.__module__.split(".")[1:3]),
            tuple(field.name for field in dataclasses.fields(event)),
            event.succeeded,
        )
        for event in events
    }


@pytest.mark.parametrize("row", table(HOOKS, "Events"), ids=lambda row: str(row[0]))
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
