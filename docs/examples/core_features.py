"""Accounts, passwords, sessions and one-time tokens, each with options of its own."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import Body, Depends, FastAPI
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
    Work,
    get_auth_router,
    get_users_router,
    install_errors,
)
from fastauth_kit.features.one_time_tokens import OneTimeTokenMixin, OneTimeTokens, Purpose
from fastauth_kit.features.passwords import HashingPool, PasswordHasher, PasswordPolicy
from fastauth_kit.features.sessions import RevokedReason

maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///app.db"))


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


class Base(DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


# --8<-- [start:sessions_table]
class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


# --8<-- [end:sessions_table]


class OneTimeToken(OneTimeTokenMixin[int], Base):
    __tablename__ = "one_time_tokens"
    __auth_user__ = User


# --8<-- [start:accounts]
accounts = Accounts(registration_open=True)
# --8<-- [end:accounts]

# --8<-- [start:passwords]
passwords = Passwords(
    policy=PasswordPolicy(min_length=15),
    hasher=PasswordHasher(pool=HashingPool(workers=2)),
)
# --8<-- [end:passwords]

# --8<-- [start:sessions]
sessions = Sessions(
    model=AuthSession,
    access_token_lifetime=timedelta(minutes=10),
    idle_lifetime=timedelta(days=7),
    absolute_lifetime=timedelta(days=30),
)
# --8<-- [end:sessions]

# --8<-- [start:tokens]
tokens = OneTimeTokens(model=OneTimeToken)
# --8<-- [end:tokens]

auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(accounts, passwords, sessions, tokens),
)

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
install_errors(app)

CurrentUser = Annotated[User, Depends(auth.current_user)]
Db = Annotated[AsyncSession, Depends(get_db)]

# --8<-- [start:purpose]
EXPORT = Purpose(kind="ex", name="export", lifetime=timedelta(hours=1))
"""A link to the data of one's own account."""


async def send_link(address: str, token: str) -> None:
    print(f"to {address}: https://example.com/export#token={token}")


@app.post("/api/exports", status_code=202)
async def ask_for_export(user: CurrentUser, session: Db) -> None:
    address = user.email
    async with auth.work_for(session) as work:
        token = await tokens.issue(work, user.id, EXPORT, email=address)
        work.after_commit(partial(send_link, address, token))


@app.post("/api/exports/open")
async def open_export(token: Annotated[str, Body(embed=True)], session: Db) -> dict[str, str]:
    async with auth.work_for(session) as work:
        user, _ = await tokens.consume(work, token, EXPORT)
        return {"email": user.email}


# --8<-- [end:purpose]


# --8<-- [start:everywhere]
async def sign_out_everywhere(work: Work, email: str) -> int:
    """End every session of a user; return how many there were."""
    user = await auth.find_user(work, email)
    if user is None:
        return 0
    return await sessions.revoke_all(work, user.id, RevokedReason.REVOKED)


async def from_a_script(email: str) -> int:
    return await auth.run(maker, partial(sign_out_everywhere, email=email))


# --8<-- [end:everywhere]
