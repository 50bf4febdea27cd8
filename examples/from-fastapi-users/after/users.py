import os

from after.db import AuthSession, User, get_async_session
from fastauth_kit import Accounts, AuthKit, AuthSettings, Passwords, Sessions

auth = AuthKit(
    user_model=User,
    get_session=get_async_session,
    settings=AuthSettings(secret_key=os.environ["SECRET_KEY"]),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)
