"""The routes of the change of address as a router of their own."""

from typing import Any

from fastapi import APIRouter

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, build_router
from fastauth_kit.features.email_change.feature import EmailChange


def get_email_change_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build the routes ``change_email``, ``confirm_email_change`` and ``undo_email_change``.

    Raises:
        ConfigurationError: ``auth`` was built without ``EmailChange(...)``.
    """
    return build_router(auth, [auth.feature(EmailChange)], routes)
