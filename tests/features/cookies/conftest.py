"""Cookies depend on no database: one of them will do, and one kind of session."""

from collections.abc import Callable
from typing import Any

import pytest

from fastauth_kit.features.cookies import Cookies
from tests.kit_app import KitApp, SessionStyle
from tests.servers import DatabaseKind


@pytest.fixture
def database_kind() -> DatabaseKind:
    """The one that is always there."""
    return "sqlite"


@pytest.fixture
def session_style() -> SessionStyle:
    """The usual one."""
    return "async"


@pytest.fixture
def make_cookie_app(make_app: Callable[..., KitApp]) -> Callable[..., KitApp]:
    """Builds installations with cookies; takes their options, too."""

    def make(*, configure: Any = None, hooks: Any = (), **options: Any) -> KitApp:
        return make_app(more_features=(Cookies(**options),), configure=configure, hooks=hooks)

    return make


@pytest.fixture
def kit_app(make_cookie_app: Callable[..., KitApp]) -> KitApp:
    """An installation with cookies, and one page elsewhere that may use them."""
    return make_cookie_app(origins=["https://app.example.com"])
