"""What a caller writes whose tables are declared with SQLModel."""

from collections.abc import AsyncGenerator
from typing import Annotated, assert_type

from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    Sessions,
    get_auth_router,
)
from fastauth_kit.features.audit import Audit
from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.one_time_tokens import OneTimeTokens
from fastauth_kit.surfaces.sqlmodel import (
    AuditEventMixin,
    LoginFailureMixin,
    OneTimeTokenMixin,
    SessionMixin,
    UserMixin,
)


class User(UserMixin, table=True):
    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
    name: str | None = Field(default=None, max_length=100)


class AuthSession(SessionMixin, table=True):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


class OneTimeToken(OneTimeTokenMixin, table=True):
    __auth_user__ = User


class LoginFailure(LoginFailureMixin, table=True):
    __auth_user__ = User


class AuditEvent(AuditEventMixin, table=True):
    __tablename__ = "audit_events"


async def get_db() -> AsyncGenerator[AsyncSession]:
    raise NotImplementedError
    yield


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="a secret of the tests, 32 bytes and more of it"),
    features=(
        Accounts(),
        Passwords(),
        Sessions(model=AuthSession),
        OneTimeTokens(model=OneTimeToken),
        Lockout(model=LoginFailure),
        Audit(model=AuditEvent),
    ),
)
assert_type(auth, AuthKit[User])
app = FastAPI()
app.include_router(get_auth_router(auth))


@app.get("/hello")
async def hello(user: Annotated[User, Depends(auth.current_user)]) -> str:
    assert_type(user.email, str)
    assert_type(user.name, str | None)
    return user.email


async def find(session: AsyncSession, address: str) -> User | None:
    return await session.scalar(select(User).where(User.email == address))
