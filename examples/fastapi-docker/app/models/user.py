"""Accounts and sessions: the kit's columns, and ours."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base
from fastauth_kit import SessionMixin, UserMixin


class User(UserMixin[int], Base):
    """Somebody with an account."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))


class AuthSession(SessionMixin[int], Base):
    """A login on one device."""

    __tablename__ = "auth_sessions"
    __auth_user__ = User
