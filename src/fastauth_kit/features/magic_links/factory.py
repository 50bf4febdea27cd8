"""The routes of the magic links as a router of their own."""

from typing import Any

from fastapi import APIRouter

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, build_router
from fastauth_kit.features.magic_links.feature import MagicLinks


def get_magic_link_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build the routes ``request_magic_link`` and ``log_in_by_magic_link``.

    Raises:
        ConfigurationError: ``auth`` was built without ``MagicLinks(...)``.
    """
    return build_router(auth, [auth.feature(MagicLinks)], routes)
