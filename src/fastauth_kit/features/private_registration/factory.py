"""The routes of the private registration as a router of their own."""

from typing import Any

from fastapi import APIRouter

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, build_router
from fastauth_kit.features.private_registration.feature import PrivateRegistration


def get_private_registration_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build the routes ``register`` and ``verify_email``.

    Raises:
        ConfigurationError: ``auth`` was built without ``PrivateRegistration(...)``.
    """
    return build_router(auth, [auth.feature(PrivateRegistration)], routes)
