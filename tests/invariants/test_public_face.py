"""The public names and the tree of errors hold together."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fastauth_kit
from fastauth_kit.core.errors import AuthError

ROOT = Path(fastauth_kit.__file__).parent

for found in pkgutil.walk_packages([str(ROOT)], "fastauth_kit."):
    importlib.import_module(found.name)  # so that every subclass is known


@pytest.mark.parametrize("name", fastauth_kit.__all__)
def test_a_public_name_is_there(name: str) -> None:
    assert getattr(fastauth_kit, name) is not None


def test_public_names_are_in_order() -> None:
    assert list(fastauth_kit.__all__) == sorted(set(fastauth_kit.__all__))


def test_every_name_of_the_public_face_is_public() -> None:
    """Modules apart: what ``__init__`` imports, it offers."""
    shown = {
        name
        for name, value in vars(fastauth_kit).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }

    assert shown == set(fastauth_kit.__all__)


PACKAGES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("__init__.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_the_names_of_a_package_are_there_and_in_order(package: str) -> None:
    dotted = ".".join(["fastauth_kit", *Path(package).parent.parts])
    module = importlib.import_module(dotted)

    names = list(getattr(module, "__all__", ()))

    # constants come first, as ruff has it
    assert names == sorted(set(names), key=lambda name: (not name.isupper(), name))
    assert [name for name in names if not hasattr(module, name)] == []


def every_error(base: type[AuthError] = AuthError) -> Iterator[type[AuthError]]:
    for error in base.__subclasses__():
        if error.__module__.startswith("fastauth_kit."):
            yield error
            yield from every_error(error)


ERRORS = sorted(set(every_error()), key=lambda error: error.__name__)
ANSWERED = [error for error in ERRORS if not error.__subclasses__()]


def by_name(error: Any) -> str:
    return str(error.__name__)


def test_no_two_errors_share_a_code() -> None:
    own: dict[str, list[str]] = {}
    for error in ERRORS:
        if "code" in vars(error):
            own.setdefault(error.code, []).append(error.__name__)

    assert {code: names for code, names in own.items() if len(names) > 1} == {}


@pytest.mark.parametrize("error", ANSWERED, ids=by_name)
def test_an_error_has_a_code_for_programs(error: type[AuthError]) -> None:
    assert error.code != AuthError.code
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)


@pytest.mark.parametrize("error", ANSWERED, ids=by_name)
def test_an_error_has_a_sentence_for_people(error: type[AuthError]) -> None:
    assert error.detail != AuthError.detail
    assert re.fullmatch(r"[A-Z][^{}%]+\.", error.detail)


@pytest.mark.parametrize("error", ANSWERED, ids=by_name)
def test_an_error_is_a_refusal_of_the_contract(error: type[AuthError]) -> None:
    assert error.status in {400, 401, 403, 404, 409, 413, 422, 429, 503}


@pytest.mark.parametrize("error", [error for error in ANSWERED if error.status == 401], ids=by_name)
def test_a_401_names_the_scheme(error: type[AuthError]) -> None:
    """RFC 9110, section 15.5.2: it must carry a challenge."""
    assert (error.challenge or "").startswith("Bearer")
