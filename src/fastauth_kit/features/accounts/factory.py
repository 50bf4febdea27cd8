"""Registration as a router of its own."""

from typing import Any

from fastapi import APIRouter

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, build_router
from fastauth_kit.features.accounts.feature import Accounts


def get_register_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build the route ``register``.

    Raises:
        ConfigurationError: ``auth`` was built without ``Accounts(...)``.
    """
    return build_router(auth, [auth.feature(Accounts)], routes)
