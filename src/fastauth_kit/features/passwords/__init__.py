"""Passwords: login, change, hashing and policy."""

from fastauth_kit.features.passwords.errors import InvalidCredentials, InvalidPassword
from fastauth_kit.features.passwords.events import ConfirmationFailed, LoginFailed, PasswordChanged
from fastauth_kit.features.passwords.factory import get_password_router
from fastauth_kit.features.passwords.feature import Passwords
from fastauth_kit.features.passwords.hashing import PasswordHasher
from fastauth_kit.features.passwords.policy import PasswordPolicy
from fastauth_kit.features.passwords.pool import HashingPool
from fastauth_kit.features.passwords.schemes import default_context

__all__ = [
    "ConfirmationFailed",
    "HashingPool",
    "InvalidCredentials",
    "InvalidPassword",
    "LoginFailed",
    "PasswordChanged",
    "PasswordHasher",
    "PasswordPolicy",
    "Passwords",
    "default_context",
    "get_password_router",
]
