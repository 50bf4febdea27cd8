"""The routes of the verification as a router of their own."""

from typing import Any

from fastapi import APIRouter

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, build_router
from fastauth_kit.features.email_verification.feature import EmailVerification


def get_email_verification_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build the routes ``request_email_verification`` and ``verify_email``.

    Raises:
        ConfigurationError: ``auth`` was built without ``EmailVerification(...)``.
    """
    return build_router(auth, [auth.feature(EmailVerification)], routes)
