"""An app whose tables are declared with SQLModel."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    Sessions,
    get_auth_router,
    get_users_router,
)
from fastauth_kit.surfaces.sqlmodel import SessionMixin, UserMixin


# --8<-- [start:models]
class User(UserMixin, table=True):
    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
    name: str | None = Field(default=None, max_length=100)


class AuthSession(SessionMixin, table=True):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


class Post(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    author_id: int | None = Field(default=None, foreign_key="users.id")
    title: str


# --8<-- [end:models]

Base = SQLModel
maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///app.db"), class_=AsyncSession)


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)
app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])


# --8<-- [start:route]
@app.post("/posts", status_code=201)
async def write(
    title: str,
    user: Annotated[User, Depends(auth.current_user)],
    db: Annotated[AsyncSession, Depends(get_db)],
) -> Post:
    post = Post(title=title, author_id=user.id)
    db.add(post)
    await db.commit()
    await db.refresh(post)
    return post


# --8<-- [end:route]
