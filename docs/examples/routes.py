"""Which of the kit's routes an app has, where, and what guards them."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, FastAPI, Header
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    Accounts,
    AuthError,
    AuthKit,
    AuthSettings,
    Passwords,
    Routes,
    SessionMixin,
    Sessions,
    UserMixin,
    get_auth_router,
    get_password_router,
    get_register_router,
    get_session_router,
    get_users_router,
    install_errors,
)

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


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)
app = FastAPI()
install_errors(app)


# --8<-- [start:guard]
class CaptchaFailed(AuthError):
    """The captcha was not solved."""

    code = "captcha_failed"
    status = 403
    detail = "Solve the captcha and try again."


async def solved_captcha(x_captcha: Annotated[str, Header()] = "") -> None:
    if x_captcha != "solved":
        raise CaptchaFailed


app.include_router(
    get_auth_router(auth, routes=Routes(guards={"register": [Depends(solved_captcha)]})),
    prefix="/api/auth",
)
# --8<-- [end:guard]


# --8<-- [start:pick]
app.include_router(
    get_users_router(
        auth,
        routes=Routes(without={"delete_user", "close_account"}),
        may_list=auth.require_user(superuser=True, verified=True),
        may_read=auth.current_user,
    ),
    prefix="/api/users",
)
# --8<-- [end:pick]


# --8<-- [start:separate]
admin = FastAPI()
admin.include_router(get_password_router(auth, routes=Routes(only={"login"})), prefix="/auth")
admin.include_router(get_session_router(auth), prefix="/auth")
admin.include_router(get_users_router(auth), prefix="/users")

public = FastAPI()
public.include_router(get_register_router(auth), prefix="/sign-up")
# --8<-- [end:separate]


# --8<-- [start:closed]
by_administrators = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(registration_open=False), Passwords(), Sessions(model=AuthSession)),
)
# --8<-- [end:closed]
