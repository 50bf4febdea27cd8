"""The caller's own columns on their way through a row: out of a body, and into a user."""

from functools import cache
from typing import Any

from pydantic import BaseModel, create_model

from fastauth_kit.features.accounts import UserCreate

_OF_THE_KIT = frozenset({"email", "password"})


def kept_columns(body: UserCreate) -> dict[str, Any]:
    """Return what a body says beside address and password, as JSON keeps it.

    Fields that its schema names, and nothing that came along: as for an open
    registration, no field of the schema is one that only a superuser sets.
    """
    named = set(type(body).model_fields) - _OF_THE_KIT
    return body.model_dump(mode="json", include=named, exclude_unset=True, by_alias=False)


def given_columns(schema: type[UserCreate], kept: dict[str, Any]) -> dict[str, Any]:
    """Return the values that were kept, in the types that the schema gives them."""
    return _columns_model(schema).model_validate(kept).model_dump(exclude_unset=True)


@cache
def _columns_model(schema: type[UserCreate]) -> type[BaseModel]:
    """Return the fields of a schema without its rules, which the body has met already."""
    fields: dict[str, Any] = {
        name: (field.annotation, None)
        for name, field in schema.model_fields.items()
        if name not in _OF_THE_KIT
    }
    return create_model("OwnColumns", **fields)
