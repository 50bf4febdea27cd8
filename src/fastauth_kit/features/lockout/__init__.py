"""Lockout: the password of an account is locked after too many failures."""

from fastauth_kit.features.lockout.events import AccountLocked
from fastauth_kit.features.lockout.feature import Lockout
from fastauth_kit.features.lockout.models import LoginFailureMixin

__all__ = ["AccountLocked", "Lockout", "LoginFailureMixin"]
