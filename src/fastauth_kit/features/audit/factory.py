"""The routes of the audit as a router of their own."""

from typing import Any

from fastapi import APIRouter

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, build_router
from fastauth_kit.features.audit.feature import Audit


def get_audit_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build the routes ``list_own_events`` and ``list_events``.

    Raises:
        ConfigurationError: ``auth`` was built without ``Audit(...)``.
    """
    return build_router(auth, [auth.feature(Audit)], routes)
