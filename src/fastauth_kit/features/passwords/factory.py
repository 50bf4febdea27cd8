"""The passwords' routes as a router of their own."""

from typing import Any

from fastapi import APIRouter

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, build_router
from fastauth_kit.features.passwords.feature import Passwords


def get_password_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build the routes ``login``, ``confirm_password`` and ``change_password``.

    Raises:
        ConfigurationError: ``auth`` was built without ``Passwords(...)``.
    """
    return build_router(auth, [auth.feature(Passwords)], routes)
