"""A user table with columns of its own, in bodies and answers too."""

from collections.abc import AsyncGenerator
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    SessionMixin,
    Sessions,
    UserCreate,
    UserMixin,
    UserRead,
    UserUpdate,
    get_auth_router,
    get_users_router,
    install_errors,
)

maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///app.db"))


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


class Base(DeclarativeBase):
    pass


# --8<-- [start:models]
class Team(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class Person(UserMixin[UUID], Base):
    __tablename__ = "people"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    company: Mapped[str] = mapped_column(String(100))
    credit: Mapped[int] = mapped_column(default=0, server_default="0")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    team: Mapped[Team | None] = relationship()


class Login(SessionMixin[UUID], Base):
    __tablename__ = "logins"
    __auth_user__ = Person


# --8<-- [end:models]


# --8<-- [start:schemas]
class PersonCreate(UserCreate):
    company: str = Field(min_length=1, max_length=100)


class PersonUpdate(UserUpdate):
    company: str = Field(default="", min_length=1, max_length=100)


class TeamRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str


class PersonRead(UserRead[UUID]):
    company: str
    credit: int
    team: TeamRead | None


# --8<-- [end:schemas]


# --8<-- [start:kit]
auth = AuthKit(
    user_model=Person,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(
        Accounts(
            create_schema=PersonCreate,
            update_schema=PersonUpdate,
            read_schema=PersonRead,
        ),
        Passwords(),
        Sessions(model=Login),
    ),
    user_load_options=[selectinload(Person.team)],
)
# --8<-- [end:kit]

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
install_errors(app)
