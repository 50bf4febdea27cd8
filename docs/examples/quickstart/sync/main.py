import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

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

engine = create_engine("sqlite:///app.db")
maker = sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class User(UserMixin, Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))


class AuthSession(SessionMixin, Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


def get_db() -> Generator[Session]:
    with maker() as session:
        yield session


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key=os.environ["SECRET_KEY"], token_url="/api/auth/login"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    Base.metadata.create_all(engine)
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
