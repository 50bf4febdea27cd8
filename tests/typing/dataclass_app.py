"""What a caller writes whose tables are dataclasses."""

from typing import assert_type

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from fastauth_kit import SessionMixin, Sessions, UserMixin


class Base(MappedAsDataclass, DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str | None] = mapped_column(String(100), default=None)


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


def greet(user: User) -> str:
    assert_type(user.id, int)
    assert_type(user.email, str)
    return f"{user.name or user.email}"


sessions = Sessions(model=AuthSession)
