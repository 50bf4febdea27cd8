"""The sessions' routes as a router of their own."""

from typing import Any

from fastapi import APIRouter

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, build_router
from fastauth_kit.features.sessions.feature import Sessions


def get_session_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build the routes ``refresh``, ``logout``, ``list_sessions`` and the revocations.

    Raises:
        ConfigurationError: ``auth`` was built without ``Sessions(...)``.
    """
    return build_router(auth, [auth.feature(Sessions)], routes)
