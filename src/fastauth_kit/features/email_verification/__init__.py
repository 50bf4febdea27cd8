"""E-mail verification: proof that a user reads the mailbox of their account."""

from fastauth_kit.features.email_verification.errors import EmailNotVerified
from fastauth_kit.features.email_verification.factory import get_email_verification_router
from fastauth_kit.features.email_verification.feature import EmailVerification

__all__ = ["EmailNotVerified", "EmailVerification", "get_email_verification_router"]
