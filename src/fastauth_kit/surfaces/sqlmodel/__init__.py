"""The mixins for who declares tables with SQLModel; extra ``sqlmodel``.

``class User(UserMixin, table=True)``, and the same for the other tables. For the
table of private registrations see ``surfaces.sqlmodel.private_registration``.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from fastauth_kit.core import models as core_models
from fastauth_kit.features.audit import AuditEventMixin as AuditColumns
from fastauth_kit.features.lockout import LoginFailureMixin as FailureColumns
from fastauth_kit.features.one_time_tokens import OneTimeTokenMixin as TokenColumns
from fastauth_kit.features.sessions import SessionMixin as SessionColumns
from fastauth_kit.surfaces.sqlmodel.table_model import SQLModel, as_table_model

if TYPE_CHECKING:
    # The same columns, typed as on SQLAlchemy's mixins, so that a query such as
    # select(User).where(User.email == address) needs no col().

    class UserMixin(core_models.UserMixin[Any], SQLModel):
        """Fields of the table that holds the accounts; ``id`` is the caller's."""

        __tablename__: ClassVar[Any]
        id: Any

    class SessionMixin(SessionColumns[Any], SQLModel):
        """Fields of the table that holds the sessions."""

        __tablename__: ClassVar[Any]

    class OneTimeTokenMixin(TokenColumns[Any], SQLModel):
        """Fields of the table that holds the one-time tokens."""

        __tablename__: ClassVar[Any]

    class LoginFailureMixin(FailureColumns[Any], SQLModel):
        """Fields of the table that holds the failed logins."""

        __tablename__: ClassVar[Any]

    class AuditEventMixin(AuditColumns, SQLModel):
        """Fields of the table that holds what happened."""

        __tablename__: ClassVar[Any]

else:
    UserMixin = as_table_model(core_models.UserMixin)
    SessionMixin = as_table_model(SessionColumns)
    OneTimeTokenMixin = as_table_model(TokenColumns)
    LoginFailureMixin = as_table_model(FailureColumns)
    AuditEventMixin = as_table_model(AuditColumns)

__all__ = [
    "AuditEventMixin",
    "LoginFailureMixin",
    "OneTimeTokenMixin",
    "SessionMixin",
    "UserMixin",
]
