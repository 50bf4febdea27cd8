"""The fixtures that pytest finds once fastauth-kit is installed.

Not in the package: importing a part of a package imports all that its
``__init__`` does, and every run of pytest would wait for it, used or not.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fastauth_kit import AuthKit
    from fastauth_kit.surfaces.testing import (
        AsyncAuthClients,
        AsyncMakeUser,
        AuthClients,
        AuthTesting,
        FrozenClock,
        Mailbox,
        MakeUser,
        RunningApp,
    )


def _kit() -> Any:
    """Import the test kit, where a test asks for it."""
    return import_module("fastauth_kit.surfaces.testing")


@pytest.fixture
def auth_testing(auth: "AuthKit[Any]") -> "Iterator[AuthTesting]":
    """Your ``auth`` with a clock that stands still, kept mail and cheap hashing."""
    with _kit().under_test(auth) as given:
        yield given


@pytest.fixture
def auth_clock(auth_testing: "AuthTesting") -> "FrozenClock":
    """The clock of your ``auth``; it stands still until you move it."""
    return auth_testing.clock


@pytest.fixture
def auth_mailbox(auth_testing: "AuthTesting") -> "Mailbox":
    """The mail that your ``auth`` sent."""
    return auth_testing.mailbox


@pytest.fixture
def running_app(
    auth_testing: "AuthTesting", auth: "AuthKit[Any]", app: "FastAPI"
) -> "Iterator[RunningApp[Any]]":
    """Your ``app``, started, for tests that cannot await."""
    with _kit().RunningApp(auth, app) as running:
        yield running


@pytest.fixture
def auth_client(running_app: "RunningApp[Any]") -> "AuthClients[Any]":
    """Clients of your ``app``: ``auth_client(user)``, or ``auth_client()`` for nobody."""
    return running_app.auth_client


@pytest.fixture
def make_user(running_app: "RunningApp[Any]") -> "MakeUser[Any]":
    """Accounts: ``make_user(is_superuser=True)``."""
    return running_app.make_user


@pytest.fixture
def async_auth_client(
    auth_testing: "AuthTesting", auth: "AuthKit[Any]", app: "FastAPI"
) -> "AsyncAuthClients[Any]":
    """As ``auth_client``, for tests that await."""
    clients: AsyncAuthClients[Any] = _kit().AsyncAuthClients(auth, app)
    return clients


@pytest.fixture
def async_make_user(
    auth_testing: "AuthTesting", auth: "AuthKit[Any]", app: "FastAPI"
) -> "AsyncMakeUser[Any]":
    """As ``make_user``, for tests that await."""
    maker: AsyncMakeUser[Any] = _kit().AsyncMakeUser(auth, app)
    return maker
