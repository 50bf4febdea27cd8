"""Tables that are dataclasses ask for arguments; who registers has few to give."""

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from fastauth_kit.core.errors import ConfigurationError

_GIVEN = frozenset({"email", "hashed_password", "created_at", "updated_at"})
"""What every account is made with."""


def check_arguments(model: type[Any], asked_for: set[str], *, key_is_given: bool) -> None:
    """Refuse a user table whose constructor wants more than a registration gives.

    Args:
        asked_for: Fields without which nobody registers.
        key_is_given: Whether accounts are made with an ``id``.

    Raises:
        ConfigurationError: The sentence says which column, and what to do.
    """
    if not is_dataclass(model):
        return
    given = {*_GIVEN, *asked_for, *({"id"} if key_is_given else ())}
    for field in fields(model):
        wanted = field.default is MISSING and field.default_factory is MISSING
        if field.init and wanted and field.name not in given:
            raise ConfigurationError(
                f"{model.__name__}.{field.name} is an argument that no registration gives; "
                "write default=None, default_factory=list or init=False there"
            )
        if not field.init and field.name in given:
            raise ConfigurationError(
                f"{model.__name__}.{field.name} is given by the kit: leave init=False out there"
            )
