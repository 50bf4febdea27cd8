"""The caller's ``AuthKit``, by the name that an operator gives: ``app.main:auth``."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.text import printable

MISSING = (
    "say where your AuthKit is: fastauth-kit --app app.main:auth ..., "
    "or set FASTAUTH_APP=app.main:auth"
)


def find_auth(name: str | None) -> AuthKit[Any]:
    """Import what ``module:attribute`` names, relative to the current directory.

    The attribute may be dotted, a function without arguments that returns the
    ``AuthKit``, or a FastAPI app that has it as ``app.state.auth``.

    Raises:
        ConfigurationError: There is none; the sentence says what to do.
    """
    if not name:
        raise ConfigurationError(MISSING)
    module_name, colon, path = name.partition(":")
    if not (module_name and colon and path):
        shown = printable(name, at_most=200)
        raise ConfigurationError(
            f"--app {shown}: write it as module:attribute, as in app.main:auth"
        )
    return _as_auth(_attribute(_module(module_name), path), name)


def _module(name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path[:0] = [here]  # an installed script has its own folder there instead
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise ConfigurationError(
                f"there is no module {error.name!r} here: start the command in the folder "
                "that your app is started in"
            ) from None
        raise ConfigurationError(f"{name} cannot be imported: {_said(error)}") from error
    except Exception as error:
        raise ConfigurationError(f"{name} cannot be imported: {_said(error)}") from error


def _attribute(module: Any, path: str) -> Any:
    found = module
    for step in path.split("."):
        if not hasattr(found, step):
            known = f"{module.__name__}:{path}"
            raise ConfigurationError(f"{known}: {_name_of(found)} has no attribute {step!r}")
        found = getattr(found, step)
    return found


def _as_auth(found: Any, name: str) -> AuthKit[Any]:
    if callable(found) and not isinstance(found, FastAPI | AuthKit | type):
        try:
            found = found()
        except Exception as error:
            raise ConfigurationError(f"{name}() failed: {_said(error)}") from error
    if isinstance(found, FastAPI):
        found = getattr(found.state, "auth", found)
    if isinstance(found, AuthKit):
        return found  # pyright: ignore[reportUnknownVariableType]  # of whatever user model
    raise ConfigurationError(
        f"{name} is no AuthKit but {_name_of(found)}; name the object that AuthKit(...) returned"
    )


def _said(error: Exception) -> str:
    """Return what an exception of the caller's code is.

    Its message is shown for errors of names and of the kit alone: another one may
    repeat a secret, such as the address of a database.
    """
    if isinstance(error, ConfigurationError | ImportError | NameError | AttributeError):
        return f"{type(error).__name__}: {printable(str(error), at_most=500)}"
    if isinstance(error, KeyError):
        return f"KeyError: {printable(str(error), at_most=100)} (an environment variable?)"
    return f"{type(error).__name__} (set FASTAUTH_TRACEBACK=1 to see where)"


def _name_of(value: Any) -> str:
    return getattr(value, "__name__", None) or f"an object of {type(value).__name__}"
