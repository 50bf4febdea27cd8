"""The ten lines of a caller whose keys are whole numbers."""

from collections.abc import AsyncGenerator
from typing import Annotated, assert_type

from fastapi import Depends, FastAPI
from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
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
    install_errors,
)


class Base(DeclarativeBase):
    pass


class User(UserMixin, Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))


class AuthSession(SessionMixin, Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


maker: async_sessionmaker[AsyncSession] = async_sessionmaker()
"""Bound to an engine by whoever runs the app."""


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(
        secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n", token_url="/api/auth/login"
    ),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
install_errors(app)

CurrentUser = Annotated[User, Depends(auth.current_user)]
SuperUser = Annotated[User, Depends(auth.current_superuser)]


@app.get("/hello")
async def hello(user: CurrentUser) -> dict[str, str | int | None]:
    assert_type(user.id, int)
    return {"id": user.id, "name": user.name}


async def by_address(session: AsyncSession, address: str) -> User | None:
    """What a caller writes against the mixin's columns type-checks."""
    user = await session.scalar(select(User).where(User.email == address))
    assert_type(user, User | None)
    if user is not None:
        assert_type(user.email, str)
        assert_type(user.hashed_password, str | None)
        assert_type(user.is_active, bool)
    return user


async def in_a_script(session: AsyncSession) -> User | None:
    async with auth.work_for(session) as work:
        await auth.feature(Accounts).create(work, email="ada@example.com", password="a long one")
        user = await auth.find_user(work, "Ada@Example.com")
        assert_type(user, User | None)
        return user
