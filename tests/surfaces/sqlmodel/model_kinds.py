"""The tables of the kit in three ways: plain, as dataclasses, and with SQLModel."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, registry
from sqlmodel import Field, SQLModel

from fastauth_kit import SessionMixin, UserMixin
from fastauth_kit.features.audit import AuditEventMixin
from fastauth_kit.features.lockout import LoginFailureMixin
from fastauth_kit.features.one_time_tokens import OneTimeTokenMixin
from fastauth_kit.features.private_registration import PendingRegistrationMixin
from fastauth_kit.surfaces import sqlmodel as forms
from fastauth_kit.surfaces.sqlmodel import private_registration as pending_form


@dataclass(frozen=True)
class Tables:
    """One set of tables, and where they are declared."""

    metadata: MetaData
    user: Any
    session: Any
    token: Any
    failure: Any
    pending: Any
    event: Any

    @property
    def all(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in vars(self) if name != "metadata"}


def mapped(base: Any, prefix: str) -> Tables:
    """Declare the tables on a base of SQLAlchemy's."""
    as_dataclass = issubclass(base, MappedAsDataclass)
    no_argument: dict[str, Any] = {"init": False} if as_dataclass else {}
    no_value: dict[str, Any] = {"default": None} if as_dataclass else {}

    class User(UserMixin[int], base):
        __tablename__ = f"{prefix}_users"
        id: Mapped[int] = mapped_column(primary_key=True, **no_argument)
        name: Mapped[str | None] = mapped_column(String(100), **no_value)

    class Session(SessionMixin[int], base):
        __tablename__ = f"{prefix}_sessions"
        __auth_user__ = User

    class Token(OneTimeTokenMixin[int], base):
        __tablename__ = f"{prefix}_tokens"
        __auth_user__ = User

    class Failure(LoginFailureMixin[int], base):
        __tablename__ = f"{prefix}_failures"
        __auth_user__ = User

    class Pending(PendingRegistrationMixin, base):
        __tablename__ = f"{prefix}_pending"

    class AuditEvent(AuditEventMixin, base):
        __tablename__ = f"{prefix}_events"

    return Tables(base.metadata, User, Session, Token, Failure, Pending, AuditEvent)


def of_sqlmodel(prefix: str) -> Tables:
    """Declare the tables with SQLModel."""

    class Base(SQLModel, registry=registry()):
        metadata: ClassVar[MetaData] = MetaData()

    class User(Base, forms.UserMixin, table=True):
        __tablename__ = f"{prefix}_users"
        id: int | None = Field(default=None, primary_key=True)
        name: str | None = Field(default=None, max_length=100)

    class Session(Base, forms.SessionMixin, table=True):
        __tablename__ = f"{prefix}_sessions"
        __auth_user__ = User

    class Token(Base, forms.OneTimeTokenMixin, table=True):
        __tablename__ = f"{prefix}_tokens"
        __auth_user__ = User

    class Failure(Base, forms.LoginFailureMixin, table=True):
        __tablename__ = f"{prefix}_failures"
        __auth_user__ = User

    class Pending(Base, pending_form.PendingRegistrationMixin, table=True):
        __tablename__ = f"{prefix}_pending"

    class AuditEvent(Base, forms.AuditEventMixin, table=True):
        __tablename__ = f"{prefix}_events"

    return Tables(Base.metadata, User, Session, Token, Failure, Pending, AuditEvent)


class DataclassBase(MappedAsDataclass, DeclarativeBase):
    pass


KINDS = {
    "dataclass": mapped(DataclassBase, "dc"),
    "sqlmodel": of_sqlmodel("sm"),
}
