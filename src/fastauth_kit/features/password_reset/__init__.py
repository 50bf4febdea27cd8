"""Password reset: a new password for whoever reads the mailbox of the account."""

from fastauth_kit.features.password_reset.events import PasswordResetRequested
from fastauth_kit.features.password_reset.factory import get_password_reset_router
from fastauth_kit.features.password_reset.feature import PasswordReset

__all__ = ["PasswordReset", "PasswordResetRequested", "get_password_reset_router"]
