"""The kit, put together once."""

from datetime import timedelta

from app.config import get_settings
from app.database import get_db
from app.models import AuthSession, User
from fastauth_kit import Accounts, AuthKit, Passwords, Sessions

settings = get_settings()

idle = timedelta(days=settings.REFRESH_TOKEN_EXPIRE_DAYS)

auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=settings.auth(),
    features=(
        Accounts(),
        Passwords(),
        Sessions(
            model=AuthSession,
            access_token_lifetime=timedelta(minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES),
            idle_lifetime=idle,
            absolute_lifetime=max(idle, timedelta(days=90)),
        ),
    ),
)
