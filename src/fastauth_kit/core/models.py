"""Columns of the caller's tables. They own the tables; the kit owns the meaning."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    String,
    TypeDecorator,
    false,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, class_mapper, declared_attr, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine
from typing_extensions import TypeVar

from fastauth_kit.core.dataclass_mapping import give_own_columns
from fastauth_kit.core.errors import ConfigurationError

IdT = TypeVar("IdT", default=Any)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond on every database.

    Values are aware, going in and coming out. ``UtcDateTime(timezone=False)``
    fits an existing column without time zone that holds UTC.
    """

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = DateTime
    cache_ok: bool | None = True

    def __init__(self, timezone: bool = True) -> None:
        self.timezone = timezone
        super().__init__(timezone=timezone)

    def __repr__(self) -> str:
        """Return what makes another one: SQLAlchemy would leave out ``timezone=False``."""
        return f"{type(self).__name__}({'' if self.timezone else 'timezone=False'})"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            # asked of the dialect that is there: importing it takes time from all others
            native_types: dict[str, Any] = getattr(dialect, "ischema_names")  # noqa: B009  # of these dialects alone
            # without fsp the server would round to whole seconds
            return dialect.type_descriptor(native_types["datetime"](fsp=6))
        return dialect.type_descriptor(DateTime(timezone=self.timezone))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime was given where a moment is meant")
        utc = value.astimezone(UTC)
        keeps_zone = self.timezone and dialect.name == "postgresql"
        return utc if keeps_zone else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Let a duration be added to a moment: only moments are of this type."""
        if isinstance(value, timedelta):
            return self.impl_instance.coerce_compared_value(op, value)
        return self


def exact_text(length: int) -> String:
    """Return a text type that compares bytewise on every database.

    MariaDB's default collation takes ``josé`` for ``jose``.
    """
    exact = String(length, collation="utf8mb4_bin")
    return String(length).with_variant(exact, "mysql", "mariadb")


class CurrentMoment(FunctionElement[datetime]):
    """The database's own clock, as a default for rows made outside the kit."""

    inherit_cache: bool | None = True
    name = "current_moment"


@compiles(CurrentMoment)
def _compile_moment(element: CurrentMoment, compiler: SQLCompiler, **options: Any) -> str:
    return "CURRENT_TIMESTAMP"


@compiles(CurrentMoment, "mysql", "mariadb")
def _compile_utc_moment(element: CurrentMoment, compiler: SQLCompiler, **options: Any) -> str:
    # DATETIME has no zone: CURRENT_TIMESTAMP would be the server's local time
    return "(utc_timestamp(6))"


def utc_now() -> datetime:
    """Return the time of this machine, aware."""
    return datetime.now(UTC)


class Record:
    """Gives mixins the keyword constructor that the caller's ``Base`` brings."""

    if TYPE_CHECKING:

        def __init__(self, **values: Any) -> None: ...

    def __init_subclass__(cls, **options: Any) -> None:
        give_own_columns(cls)
        super().__init_subclass__(**options)


class UserMixin(Record, Generic[IdT]):
    """Columns of the table that holds the accounts.

    The caller adds ``__tablename__``, a primary key ``id`` and columns of
    their own. Names and types fit a fastapi-users table.
    """

    if TYPE_CHECKING:
        id: Mapped[IdT]

    email: Mapped[str] = mapped_column(exact_text(320), unique=True, index=True)
    """Canonical form (``canonical_email``), so that a plain index is enough."""

    hashed_password: Mapped[str | None] = mapped_column(exact_text(1024), default=None)
    """Hash with its scheme and parameters; ``None`` for an account without a password."""

    is_active: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    """May sign in."""

    is_superuser: Mapped[bool] = mapped_column(
        Boolean, default=False, server_default=false(), index=True
    )
    """May administer every account."""

    is_verified: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Has proven to read the mailbox ``email``."""

    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime, insert_default=utc_now, server_default=CurrentMoment()
    )
    """When the account was made."""

    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime, insert_default=utc_now, onupdate=utc_now, server_default=CurrentMoment()
    )
    """When the account was last changed by its owner or an administrator."""


class OwnedByUser(Record, Generic[IdT]):
    """A row that belongs to one user and goes with them."""

    __auth_user__: ClassVar[type[UserMixin[Any]]]
    __some_are_nobodys__: ClassVar[bool] = False
    """Whether there are rows without an owner, too."""

    @declared_attr
    def user_id(cls) -> Mapped[IdT]:
        """The owner; takes its column type from the caller's key."""
        key = ForeignKey(primary_key(cls.__auth_user__), ondelete="CASCADE")
        return mapped_column(key, index=True, nullable=cls.__some_are_nobodys__)


def is_built_on(model: type[Any], mixin: type[Any]) -> bool:
    """Whether a class has the columns of a mixin.

    It inherits from it; or, where that cannot be, it names the mixin that it
    was made from, see ``surfaces.sqlmodel``.
    """
    return issubclass(model, mixin) or getattr(model, "__stands_for__", None) is mixin


def primary_key(model: type[Any]) -> Column[Any]:
    """Return the one primary-key column of a caller's table.

    Reads the table, not the mapper: asking the mapper would configure it
    before the caller has declared the models their relationships name.

    Raises:
        ConfigurationError: Not a mapped class, or a composite key.
    """
    table = getattr(model, "__table__", None)
    keys: list[Column[Any]] = list(table.primary_key.columns) if table is not None else []
    if len(keys) != 1:
        raise ConfigurationError(
            f"{model.__name__} must be mapped to a table with one primary-key column, "
            f"it has {len(keys)}"
        )
    return keys[0]


def check_table(model: type[Any], *, owner: type[Any] | None = None) -> None:
    """Check that a caller's table is a plain one, of these users.

    Args:
        owner: The user table that it must belong to; ``None`` where its rows
            have no owner.

    Raises:
        ConfigurationError: It belongs to other users, or is spread over several
            tables, which one statement could not change.
    """
    if owner is not None and getattr(model, "__auth_user__", None) is not owner:
        raise ConfigurationError(f"{model.__name__}.__auth_user__ must be {owner.__name__}")
    if len(class_mapper(model, configure=False).tables) > 1:
        raise ConfigurationError(f"{model.__name__} must keep its columns in one table")
