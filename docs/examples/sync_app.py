"""The ten lines over synchronous sessions, and operations without ``await``."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

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
)

# --8<-- [start:get_db]
maker = sessionmaker(create_engine("sqlite:///app.db"), expire_on_commit=False)


def get_db() -> Generator[Session]:
    with maker() as session:
        yield session


# --8<-- [end:get_db]


class Base(DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str] = mapped_column(String(100))


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)


# --8<-- [start:lifespan]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    current_default_thread_limiter().total_tokens = 400
    yield


app = FastAPI(lifespan=lifespan)
# --8<-- [end:lifespan]
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])


# --8<-- [start:route]
Db = Annotated[Session, Depends(get_db)]
CurrentUser = Annotated[User, Depends(auth.current_user)]


@app.post("/posts", status_code=201)
def write_post(title: str, session: Db, user: CurrentUser) -> int:
    post = Post(author_id=user.id, title=title)
    session.add(post)
    session.commit()
    return post.id


# --8<-- [end:route]


# --8<-- [start:operation]
@app.post("/guests", status_code=201)
def invite(email: str, title: str, session: Db) -> int:
    """One transaction: the account and its first post, or neither."""
    with auth.work_for(session) as work:
        guest = work.wait(auth.feature(Accounts).create(work, email=email, password=None))
        post = Post(author_id=guest.id, title=title)
        session.add(post)
    return post.id  # committed: the end of "with" did it


# --8<-- [end:operation]


# --8<-- [start:script]
def make_superuser(email: str, password: str) -> None:
    with maker() as session, auth.work_for(session) as work:
        work.wait(
            auth.feature(Accounts).create(work, email=email, password=password, is_superuser=True)
        )


# --8<-- [end:script]


# --8<-- [start:run]
async def lock_out(work: Work, email: str) -> None:
    user = await auth.find_user(work, email)
    if user is not None:
        await auth.feature(Accounts).update(work, user.id, {"is_active": False})


def lock_out_everyone(emails: list[str]) -> None:
    for email in emails:
        auth.run_sync(maker, partial(lock_out, email=email))


# --8<-- [end:run]
