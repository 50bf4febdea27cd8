"""Bodies of the accounts' routes, and how the caller's own are checked.

The caller extends ``UserCreate``, ``UserUpdate`` and ``UserRead`` with columns
of their own. What only a superuser may set is added here, and nowhere else.
"""

from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Generic

from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from sqlalchemy import Column

from fastauth_kit.core.addresses import MAX_ADDRESS_LENGTH, canonical_email
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.identifiers import key_format
from fastauth_kit.core.models import IdT, primary_key


def _check_address(text: str) -> str:
    try:
        return canonical_email(text)
    except ValueError as error:
        raise PydanticCustomError("email_invalid", "{reason}", {"reason": str(error)}) from None


EmailAddress = Annotated[
    str,
    AfterValidator(_check_address),
    Field(json_schema_extra={"format": "email", "maxLength": MAX_ADDRESS_LENGTH}),
]
"""An address in canonical form."""

PRIVILEGED = ("is_active", "is_superuser", "is_verified")
"""What only a superuser sets."""

RESERVED = frozenset({*PRIVILEGED, "id", "hashed_password", "created_at", "updated_at"})
"""What no body of the caller's may name."""


class UserCreate(BaseModel):
    """A new account."""

    email: EmailAddress = Field(description="Stored in lower case, with an IDNA domain.")
    password: SecretStr = Field(description="Subject to the password policy.")


class UserUpdate(BaseModel):
    """Changes to one's own account; what is left out stays."""


class UserRead(BaseModel, Generic[IdT]):
    """An account, without any secret."""

    model_config: ClassVar[ConfigDict] = ConfigDict(from_attributes=True)

    id: IdT
    # checked when it came in; checking again would cost time on every answer
    email: str = Field(json_schema_extra={"format": "email"})
    is_active: bool
    is_superuser: bool
    is_verified: bool
    created_at: datetime
    updated_at: datetime


class CloseAccountBody(BaseModel):
    """Confirms that the account is to be closed."""

    password: SecretStr | None = Field(
        default=None,
        description="May be left out only by accounts that have none; they sign in again instead.",
    )


class UserPage(BaseModel):
    """One page, by number."""

    total: int = Field(description="Accounts that match.")
    page: int
    pages: int = Field(description="Pages there are.")


class UserCursorPage(BaseModel):
    """One page, by cursor: no count, the same cost for every page."""

    next_cursor: str | None = Field(description="For the next page; null on the last one.")


@cache
def default_schemas(
    model: type[Any],
) -> tuple[type[UserCreate], type[UserUpdate], type[UserRead[Any]]]:
    """Return schemas for a user table: with ``name`` if it has such a column."""
    key = key_format(primary_key(model)).kind
    # without a cast to a type variable, pydantic names the schema after its argument
    read: Any = create_model("UserRead", __base__=UserRead, id=(key, ...))
    column = model.__table__.columns.get("name")
    if column is None:
        return UserCreate, UserUpdate, read
    text = _text_of(column)
    given: Any = (text, ...) if _is_required(column) else (text | None, None)
    kept: Any = (text | None if column.nullable else text, None)
    shown: Any = (str | None if column.nullable else str, ...)
    named: Any = create_model("UserRead", __base__=read, name=shown)
    return (
        create_model("UserCreate", __base__=UserCreate, name=given),
        create_model("UserUpdate", __base__=UserUpdate, name=kept),
        named,
    )


@cache
def admin_schemas(
    create: type[UserCreate], update: type[UserUpdate]
) -> tuple[type[UserCreate], type[UserUpdate]]:
    """Return the same bodies with what a superuser may set besides."""
    flags: dict[str, Any] = {name: (bool, Field(default=None)) for name in PRIVILEGED}
    return (
        create_model(f"Admin{create.__name__}", __base__=create, **flags),
        create_model(
            f"Admin{update.__name__}",
            __base__=update,
            email=(EmailAddress, Field(default=None)),
            **flags,
        ),
    )


def page_schemas(read: type[UserRead[Any]]) -> tuple[type[UserPage], type[UserCursorPage]]:
    """Return both kinds of page over a schema of one account."""
    items: Any = (list[read], ...)  # type: ignore[valid-type]  # known at run time only
    return (
        create_model("UserPage", __base__=UserPage, items=items),
        create_model("UserCursorPage", __base__=UserCursorPage, items=items),
    )


def check_schemas(
    model: type[Any],
    create: type[UserCreate],
    update: type[UserUpdate],
    read: type[UserRead[Any]],
) -> None:
    """Check that bodies and table fit.

    An alias is only what a field is called in JSON. What a field sets is the
    attribute of its own name, so that name decides what it may set. What a field
    shows is the attribute that its alias names.

    Raises:
        ConfigurationError: A field that must not be set or shown, or is no
            attribute of the model; a required column that no field fills; or
            a body that takes fields it does not name.
    """
    _check_shown(read)
    for schema, allowed in ((create, {"email", "password"}), (update, set[str]())):
        if schema.model_config.get("extra") == "allow":
            raise ConfigurationError(
                f'{schema.__name__} must not have extra="allow": name every field that may be set'
            )
        for name in set(schema.model_fields) - allowed:
            _check_field(model, schema, name)
    filled = {*create.model_fields, *RESERVED}
    missing = [c.key for c in model.__table__.columns if _is_required(c) and c.key not in filled]
    if missing:
        raise ConfigurationError(
            f"{model.__name__}.{missing[0]} is required, but {create.__name__} has no such field; "
            f"pass Accounts(create_schema=...) with it"
        )


def _check_field(model: type[Any], schema: type[BaseModel], name: str) -> None:
    if name in RESERVED or (schema is not UserCreate and name == "email"):
        raise ConfigurationError(f"{schema.__name__} must not have {name}: it is not theirs to set")
    if not hasattr(model, name):
        raise ConfigurationError(f"{schema.__name__}.{name} is no attribute of {model.__name__}")


def _check_shown(schema: type[BaseModel]) -> None:
    for name, field in schema.model_fields.items():
        if "hashed_password" in {name, *_attributes(field)}:
            raise ConfigurationError(
                f"{schema.__name__}.{name} must not show hashed_password, not even to its owner"
            )


def _attributes(field: FieldInfo) -> set[str | int]:
    """Return every name in the alias by which a field is read from an object."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return {step for path in alias.convert_to_aliases() for step in path}
    if isinstance(alias, AliasPath):
        return set(alias.convert_to_aliases())
    return set() if alias is None else {alias}


def _is_required(column: Column[Any]) -> bool:
    fills_itself = column.default is not None or column.server_default is not None
    return not (column.nullable or fills_itself or column.primary_key)


def _text_of(column: Column[Any]) -> Any:
    return Annotated[str, Field(max_length=getattr(column.type, "length", None))]
