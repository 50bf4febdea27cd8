"""``--set company=Engines``: the caller's own columns, typed by their create schema."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.text import printable
from fastauth_kit.features.accounts import Accounts, UserCreate, own_columns
from fastauth_kit.surfaces.cli.asking import checked_text
from fastauth_kit.surfaces.cli.refusals import Refused


def read_columns(
    auth: AuthKit[Any], email: str, password: str, given: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """Return the canonical address, and the values of own columns.

    Raises:
        Refused: A column is not in the schema, is missing, or has no fit value.
    """
    schema = auth.feature(Accounts).schemas(auth).create
    values = dict(_pair(schema, text) for text in given)
    try:
        # by the names of the columns, whatever they are called in JSON; texts become
        # numbers and dates as those of a form do
        body = schema.model_validate(
            {**values, "email": email, "password": password}, by_name=True, by_alias=False
        )
    except ValidationError as error:
        raise Refused("; ".join(_said(each) for each in error.errors())) from None
    return body.email, own_columns(body)


def _pair(schema: type[UserCreate], text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Refused(f"--set {printable(text, at_most=100)}: write it as column=value.")
    own = sorted(set(schema.model_fields) - {"email", "password"})
    if name not in own:
        there_is = f"there are {', '.join(own)}" if own else "there is none of your own"
        raise Refused(f"--set {printable(name, at_most=100)}: no such column; {there_is}.")
    return name, checked_text(value, what=f"--set {name}")


def _said(error: Any) -> str:
    """Return what is wrong, without the value: it may be the password."""
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "missing":
        return f"{name} is required: add --set {name}=..."
    return f"{name}: {error['msg']}"
