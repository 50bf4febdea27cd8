import os
from collections.abc import Generator
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlmodel import Field, Session, SQLModel, create_engine, select

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    Sessions,
    UserCreate,
    UserRead,
    UserUpdate,
    Work,
    get_auth_router,
    get_users_router,
    install_errors,
    on,
)
from fastauth_kit.features.accounts import UserCreated
from fastauth_kit.surfaces.sqlmodel import SessionMixin, UserMixin

engine = create_engine("sqlite:///app.db")


class User(UserMixin, table=True):
    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
    name: str | None = Field(default=None, max_length=100)
    # --8<-- [start:column]
    company: str | None = Field(default=None, max_length=100)
    # --8<-- [end:column]


class AuthSession(SessionMixin, table=True):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


# --8<-- [start:schemas]
class PersonCreate(UserCreate):
    name: str | None = None
    company: str | None = None


class PersonUpdate(UserUpdate):
    name: str | None = None
    company: str | None = None


class PersonRead(UserRead[int]):
    name: str | None
    company: str | None


# --8<-- [end:schemas]


# --8<-- [start:hook]
class Note(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", ondelete="CASCADE")
    text: str = Field(max_length=200)


async def welcome(work: Work, event: UserCreated) -> None:
    await work.add(Note(user_id=event.user_id, text="Welcome"))


# --8<-- [end:hook]


def get_db() -> Generator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


# --8<-- [start:kit]
auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key=os.environ["SECRET_KEY"], token_url="/api/auth/login"),
    features=(
        Accounts(
            create_schema=PersonCreate,
            update_schema=PersonUpdate,
            read_schema=PersonRead,
        ),
        Passwords(),
        Sessions(model=AuthSession),
    ),
    hooks=(on(UserCreated, welcome),),
)
# --8<-- [end:kit]

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
install_errors(app)

CurrentUser = Annotated[User, Depends(auth.current_user)]
Db = Annotated[Session, Depends(get_db)]


@app.get("/hello")
def hello(user: CurrentUser) -> dict[str, str | None]:
    return {"hello": user.name}


# --8<-- [start:notes]
@app.get("/notes")
def read_notes(user: CurrentUser, session: Db) -> list[str]:
    notes = session.exec(select(Note.text).where(Note.user_id == user.id))
    return list(notes)


# --8<-- [end:notes]
