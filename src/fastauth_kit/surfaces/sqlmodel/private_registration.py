"""The mixin for registrations that wait; apart, because it needs the extra ``mail``, too."""

from typing import TYPE_CHECKING, Any, ClassVar

from fastauth_kit.features.private_registration import PendingRegistrationMixin as PendingColumns
from fastauth_kit.surfaces.sqlmodel.table_model import SQLModel, as_table_model

if TYPE_CHECKING:

    class PendingRegistrationMixin(PendingColumns, SQLModel):
        """Fields of the table that holds registrations until their mailbox is proven."""

        __tablename__: ClassVar[Any]

else:
    PendingRegistrationMixin = as_table_model(PendingColumns)

__all__ = ["PendingRegistrationMixin"]
