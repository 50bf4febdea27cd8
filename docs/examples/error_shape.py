"""Refusals in the shape that your clients know already."""

from collections.abc import AsyncGenerator
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    Accounts,
    AuthError,
    AuthKit,
    AuthSettings,
    ErrorShape,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    get_auth_router,
    install_errors,
)
from fastauth_kit.core.errors import FieldError

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


# --8<-- [start:shape]
class ApiError(BaseModel):
    error: str
    message: Any


class OurShape(ErrorShape):
    def body(self, *, status: int, code: str, detail: str | list[FieldError]) -> Any:
        return {"error": code, "message": detail}


shape = OurShape(media_type="application/json", model=ApiError, validation_model=ApiError)
auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
    error_response=shape,
)
app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
install_errors(app, shape=shape)
# --8<-- [end:shape]


# --8<-- [start:own]
class OutOfStock(AuthError):
    code = "out_of_stock"
    status = 409
    detail = "Nothing is left of this."


@app.post("/orders")
async def order() -> None:
    raise OutOfStock


# --8<-- [end:own]
