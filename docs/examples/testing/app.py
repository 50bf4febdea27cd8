"""An app as most are: made when it is imported, with one ``auth`` for all of it."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import ForeignKey, String
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
from fastauth_kit.features.mail import ConsoleMailer, Mail
from fastauth_kit.features.one_time_tokens import OneTimeTokenMixin, OneTimeTokens
from fastauth_kit.features.password_reset import PasswordReset


class Base(DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


class OneTimeToken(OneTimeTokenMixin[int], Base):
    __tablename__ = "one_time_tokens"
    __auth_user__ = User


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str] = mapped_column(String(200))


engine = create_async_engine("sqlite+aiosqlite:///app.db")
maker = async_sessionmaker(engine)


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(
        Accounts(),
        Passwords(),
        Sessions(model=AuthSession),
        OneTimeTokens(model=OneTimeToken),
        Mail(
            mailer=ConsoleMailer(),
            sender="Notes <no-reply@example.com>",
            public_url="https://notes.example.com",
            product_name="Notes",
        ),
        PasswordReset(),
    ),
)
app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])

CurrentUser = Annotated[User, Depends(auth.current_user)]
Database = Annotated[AsyncSession, Depends(get_db)]
admin = APIRouter(prefix="/admin", dependencies=[Depends(auth.current_superuser)])


@app.get("/health")
async def health() -> str:
    return "well"


@app.get("/hello")
async def hello(user: CurrentUser) -> str:
    return f"Hello {user.email}"


@app.post("/notes", status_code=201)
async def write(text: str, user: CurrentUser, db: Database) -> int:
    note = Note(owner_id=user.id, text=text)
    db.add(note)
    await db.commit()
    await db.refresh(note)
    return note.id


@app.get("/notes/{note_id}")
async def read(note_id: int, user: CurrentUser, db: Database) -> str | None:
    note = await db.get(Note, note_id)
    return note.text if note is not None and note.owner_id == user.id else None


@admin.delete("/notes/{note_id}", status_code=204)
async def delete(note_id: int, db: Database) -> None:
    note = await db.get_one(Note, note_id)
    await db.delete(note)
    await db.commit()


app.include_router(admin)
