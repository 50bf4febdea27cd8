"""Access tokens signed with a key pair."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    get_auth_router,
    get_users_router,
)
from fastauth_kit.features.signing_keys import SYMMETRIC, SigningKeys, public_half

maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///app.db"))


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


class Base(DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


# --8<-- [start:kit]
key_set = Path(os.environ["KEY_SET_FILE"]).read_text()

auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key=os.environ["SECRET_KEY"]),
    features=(
        Accounts(),
        Passwords(),
        Sessions(model=AuthSession),
        SigningKeys.from_key_set(key_set),
    ),
)
# --8<-- [end:kit]

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth")
app.include_router(get_users_router(auth), prefix="/api/users")


# --8<-- [start:by_hand]
def change_over(old_pem: str, new_pem: str) -> tuple[SigningKeys, ...]:
    """The same steps without a key set, for keys that a vault keeps as PEM."""
    return (
        SigningKeys(current=SYMMETRIC, upcoming=[old_pem]),
        SigningKeys(current=old_pem, retired=[SYMMETRIC]),
        SigningKeys(current=old_pem, upcoming=[new_pem]),
        SigningKeys(current=new_pem, retired=[public_half(old_pem)]),
        SigningKeys(current=new_pem),
    )


# --8<-- [end:by_hand]
