"""Links by mail: a forgotten password, proof of the mailbox, another address."""

import os
from collections.abc import AsyncGenerator
from datetime import timedelta

from fastapi import FastAPI
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

# --8<-- [start:imports]
from fastauth_kit.features.email_change import EmailChange
from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.magic_links import MagicLinks
from fastauth_kit.features.mail import ConsoleMailer, Mail, Mailer, SmtpMailer
from fastauth_kit.features.one_time_tokens import OneTimeTokenMixin, OneTimeTokens
from fastauth_kit.features.password_reset import PasswordReset

# --8<-- [end:imports]

maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///app.db"))


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


class Base(DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(default="en", server_default="en")


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


# --8<-- [start:table]
class OneTimeToken(OneTimeTokenMixin[int], Base):
    __tablename__ = "one_time_tokens"
    __auth_user__ = User


# --8<-- [end:table]


# --8<-- [start:mailer]
def make_mailer() -> Mailer:
    url = os.environ.get("SMTP_URL")  # smtp://user:password@smtp.example.com:587
    return SmtpMailer.from_url(url) if url else ConsoleMailer()


# --8<-- [end:mailer]


# --8<-- [start:language]
def language_of(user: User) -> str:
    return user.language


# --8<-- [end:language]

# --8<-- [start:mail]
mail = Mail(
    mailer=make_mailer(),
    sender="Example <no-reply@example.com>",
    public_url="https://example.com",
    product_name="Example",
    locale_of=language_of,
)
# --8<-- [end:mail]

# --8<-- [start:reset]
reset = PasswordReset(page="/reset-password", lifetime=timedelta(minutes=30))
# --8<-- [end:reset]

# --8<-- [start:verification]
verification = EmailVerification(required=True, grace=timedelta(days=3))
# --8<-- [end:verification]

# --8<-- [start:magic]
magic = MagicLinks(page="/magic-link", lifetime=timedelta(minutes=10))
# --8<-- [end:magic]

# --8<-- [start:change]
change = EmailChange(page="/change-email", undo_page="/undo-email-change")
# --8<-- [end:change]

# --8<-- [start:kit]
auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(
        Accounts(),
        Passwords(),
        Sessions(model=AuthSession),
        OneTimeTokens(model=OneTimeToken),
        mail,
        # of these, the ones that you want
        reset,
        verification,
        magic,
        change,
    ),
)
# --8<-- [end:kit]

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
