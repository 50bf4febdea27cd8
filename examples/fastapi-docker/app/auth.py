"""The kit, put together once."""

from datetime import timedelta
from typing import Final

from app.config import get_settings
from app.database import get_db
from app.models import AuthSession, User
from app.schemas.user import UserCreate, UserResponse, UserUpdate
from app.services.mail.welcome import WelcomeMail
from app.services.profiles import ProfileWithAccount
from fastauth_kit import Accounts, AuthKit, Passwords, Sessions

settings = get_settings()

idle = timedelta(days=settings.REFRESH_TOKEN_EXPIRE_DAYS)

SESSION_SCOPE: Final = "function"
"""Database sessions end before the answer leaves: who reads slowly holds no connection.

FastAPI shares a dependency by its scope too. Ask for ``DbSession``, which has this
one, and the user and your own rows are in the same session.
"""

auth = AuthKit(
    user_model=User,
    get_session=get_db,
    session_scope=SESSION_SCOPE,
    settings=settings.auth(),
    features=(
        Accounts(create_schema=UserCreate, update_schema=UserUpdate, read_schema=UserResponse),
        Passwords(),
        Sessions(
            model=AuthSession,
            access_token_lifetime=timedelta(minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES),
            idle_lifetime=idle,
            absolute_lifetime=max(idle, timedelta(days=90)),
        ),
    ),
    hooks=(ProfileWithAccount(), WelcomeMail()),
)
