"""Accounts and what belongs to them: the kit's columns, and ours."""

from typing import TYPE_CHECKING

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base
from fastauth_kit import SessionMixin, UserMixin
from fastauth_kit.features.audit import AuditEventMixin
from fastauth_kit.features.lockout import LoginFailureMixin
from fastauth_kit.features.one_time_tokens import OneTimeTokenMixin
from fastauth_kit.features.private_registration import PendingRegistrationMixin

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


class OneTimeToken(OneTimeTokenMixin[int], Base):
    """A link that was mailed."""

    __tablename__ = "one_time_tokens"
    __auth_user__ = User


class LoginFailure(LoginFailureMixin[int], Base):
    """A wrong password that still counts."""

    __tablename__ = "login_failures"
    __auth_user__ = User


class AuditEvent(AuditEventMixin, Base):
    """Something that happened. It stays when the account goes."""

    __tablename__ = "audit_events"


class PendingRegistration(PendingRegistrationMixin, Base):
    """No account yet: somebody who has not opened their link. Empty unless PRIVATE_REGISTRATION."""

    __tablename__ = "pending_registrations"
