import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlmodel import Field, Session, SQLModel, create_engine

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    Sessions,
    get_auth_router,
    get_users_router,
    install_errors,
)
from fastauth_kit.surfaces.sqlmodel import SessionMixin, UserMixin

engine = create_engine("sqlite:///app.db")


class User(UserMixin, table=True):
    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
    name: str | None = Field(default=None, max_length=100)


class AuthSession(SessionMixin, table=True):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


def get_db() -> Generator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key=os.environ["SECRET_KEY"], token_url="/api/auth/login"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    SQLModel.metadata.create_all(engine)
    yield
    engine.dispose()


app = FastAPI(lifespan=lifespan)
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
install_errors(app)

CurrentUser = Annotated[User, Depends(auth.current_user)]


@app.get("/hello")
def hello(user: CurrentUser) -> dict[str, str | None]:
    return {"hello": user.name}
