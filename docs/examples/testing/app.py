"""An app that a test can build on a database, and with a clock, of its own."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, FastAPI
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
from fastauth_kit.features.passwords import PasswordHasher


class Base(DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


def utc_now() -> datetime:
    return datetime.now(UTC)


# --8<-- [start:factory]
def build_app(
    database_url: str,
    secret_key: str,
    *,
    hasher: PasswordHasher | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> FastAPI:
    engine = create_async_engine(database_url)
    maker = async_sessionmaker(engine, expire_on_commit=False)

    async def get_db() -> AsyncGenerator[AsyncSession]:
        async with maker() as session:
            yield session

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield
        await engine.dispose()

    auth = AuthKit(
        user_model=User,
        get_session=get_db,
        settings=AuthSettings(secret_key=secret_key),
        features=(
            Accounts(),
            Passwords(hasher=hasher or PasswordHasher()),
            Sessions(model=AuthSession),
        ),
        clock=clock,
    )
    app = FastAPI(lifespan=lifespan)
    app.state.auth = auth
    app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
    app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])

    @app.get("/hello")
    async def hello(user: Annotated[User, Depends(auth.current_user)]) -> str:
        return f"Hello {user.email}"

    return app


# --8<-- [end:factory]
