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
from fastauth_kit.features.accounts.feature import Accounts, own_columns
from fastauth_kit.features.accounts.listing import CursorPage, UserFilter, cursor_page
from fastauth_kit.features.accounts.registration import read_user
from fastauth_kit.features.accounts.router import get_users_router
from fastauth_kit.features.accounts.schemas import (
    EmailAddress,
    UserCreate,
    UserRead,
    UserUpdate,
)

__all__ = [
    "Accounts",
    "CursorPage",
    "EmailAddress",
    "EmailTaken",
    "LastSuperuser",
    "RegistrationClosed",
    "UserCreate",
    "UserCreated",
    "UserDeactivated",
    "UserDeleted",
    "UserDemoted",
    "UserFilter",
    "UserInUse",
    "UserNotFound",
    "UserPromoted",
    "UserReactivated",
    "UserRead",
    "UserUpdate",
    "UserUpdated",
    "cursor_page",
    "get_register_router",
    "get_users_router",
    "own_columns",
    "read_user",
]
