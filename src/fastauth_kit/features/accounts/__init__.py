"""Accounts: registration, the own account, the administration of all."""

from fastauth_kit.features.accounts.errors import (
    EmailTaken,
    LastSuperuser,
    RegistrationClosed,
    UserInUse,
    UserNotFound,
)
from fastauth_kit.features.accounts.events import (
    UserCreated,
    UserDeactivated,
    UserDeleted,
    UserDemoted,
    UserPromoted,
    UserReactivated,
    UserUpdated,
)
from fastauth_kit.features.accounts.factory import get_register_router
from fastauth_kit.features.accounts.feature import Accounts
from fastauth_kit.features.accounts.router import get_users_router
from fastauth_kit.features.accounts.schemas import (
    EmailAddress,
    UserCreate,
    UserRead,
    UserUpdate,
)

__all__ = [
    "Accounts",
    "EmailAddress",
    "EmailTaken",
    "LastSuperuser",
    "RegistrationClosed",
    "UserCreate",
    "UserCreated",
    "UserDeactivated",
    "UserDeleted",
    "UserDemoted",
    "UserInUse",
    "UserNotFound",
    "UserPromoted",
    "UserReactivated",
    "UserRead",
    "UserUpdate",
    "UserUpdated",
    "get_register_router",
    "get_users_router",
]
