"""Accounts and sessions: the kit's columns, and ours."""

from typing import TYPE_CHECKING

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base
from fastauth_kit import SessionMixin, UserMixin

if TYPE_CHECKING:
    from app.models.post import Post


class User(UserMixin[int], Base):
    """Somebody with an account."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))

    # passive_deletes: the database deletes them, nobody loads them for that
    posts: Mapped[list["Post"]] = relationship(
        back_populates="author", cascade="all, delete-orphan", passive_deletes=True
    )


class AuthSession(SessionMixin[int], Base):
    """A login on one device."""

    __tablename__ = "auth_sessions"
    __auth_user__ = User
