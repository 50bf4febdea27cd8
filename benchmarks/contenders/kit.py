"""The contender: the ten lines of a caller, on the engine that ``bare`` uses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.common import SECRET, argon2_params, make_engine
from fastauth_kit import (
    AccessClaims,
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
from fastauth_kit.features.passwords import PasswordHasher, default_context

engine = make_engine()
maker = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """Tables beside those of ``bare``."""


class User(UserMixin[int], Base):
    __tablename__ = "kit_users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "kit_sessions"
    __auth_user__ = User


async def get_db() -> AsyncIterator[AsyncSession]:
    async with maker() as session:
        yield session


def _hasher() -> PasswordHasher:
    options: dict[str, Any] = {f"argon2__{name}": cost for name, cost in argon2_params().items()}
    return PasswordHasher(context=default_context(**options))


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key=SECRET),
    features=(Accounts(), Passwords(hasher=_hasher()), Sessions(model=AuthSession)),
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
app.include_router(get_auth_router(auth), prefix="/auth")
app.include_router(get_users_router(auth), prefix="/users")


@app.get("/claims")
async def claims(said: Annotated[AccessClaims, Depends(auth.claims)]) -> dict[str, Any]:
    """What ``me_nodb`` of ``bare`` does."""
    return {"sub": said.user_id, "exp": int(said.expires_at.timestamp())}
