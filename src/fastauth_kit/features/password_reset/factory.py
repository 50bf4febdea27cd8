"""The routes of the password reset as a router of their own."""

from typing import Any

from fastapi import APIRouter

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, build_router
from fastauth_kit.features.password_reset.feature import PasswordReset


def get_password_reset_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build the routes ``forgot_password`` and ``reset_password``.

    Raises:
        ConfigurationError: ``auth`` was built without ``PasswordReset(...)``.
    """
    return build_router(auth, [auth.feature(PasswordReset)], routes)
