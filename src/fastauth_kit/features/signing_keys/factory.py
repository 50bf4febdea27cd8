"""The route of the signing keys as a router of its own."""

from typing import Any

from fastapi import APIRouter

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, build_router
from fastauth_kit.features.signing_keys.feature import SigningKeys


def get_signing_keys_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build the route ``read_jwks``.

    Raises:
        ConfigurationError: ``auth`` was built without ``SigningKeys(...)``.
    """
    return build_router(auth, [auth.feature(SigningKeys)], routes)
