"""From the source's names to ours."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

INACTIVE: Final = "is_inactive"
"""A flag that says the opposite of ``is_active``, as some stores have it."""

SALT: Final = "salt"
"""What Firebase keeps beside the hash."""

KIT_FIELDS: Final = frozenset(
    {
        "id",
        "email",
        "hashed_password",
        "is_active",
        "is_verified",
        "is_superuser",
        "created_at",
        INACTIVE,
        SALT,
    }
)
"""What the kit itself takes of a row; all else is the caller's own."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """What a well-known store calls its table and its columns.

    Args:
        table: Where it keeps its users, if it is a database.
        names: Its names that are not ours, and what they mean.
    """

    table: str | None = None
    names: Mapping[str, str] = field(default_factory=dict[str, str])


PRESETS: Final[Mapping[str, Preset]] = {
    "fastapi-users": Preset(table="user"),
    "tutorial": Preset(table="users", names={"disabled": INACTIVE}),
    "django": Preset(
        table="auth_user", names={"password": "hashed_password", "date_joined": "created_at"}
    ),
    "wordpress": Preset(
        table="wp_users",
        names={
            "ID": "id",
            "user_email": "email",
            "user_pass": "hashed_password",
            "user_registered": "created_at",
            "display_name": "name",
        },
    ),
    "firebase": Preset(
        names={
            "localId": "id",
            "emailVerified": "is_verified",
            "passwordHash": "hashed_password",
            "createdAt": "created_at",
            "displayName": "name",
            "disabled": INACTIVE,
        }
    ),
}


class Mapper:
    """Gives the values of a row our names, and notes names that mean nothing here.

    Args:
        names: Theirs, and ours; all others stand for themselves.
        known: Names that the target takes.
    """

    def __init__(self, names: Mapping[str, str], known: Collection[str]) -> None:
        self._names = names
        self._meant = frozenset(names.values())
        self._known = frozenset(known)
        self.unknown: dict[str, None] = {}
        """Names that were met and left out, in the order of their coming."""

    def ours(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that the target takes, by our names."""
        found: dict[str, Any] = {}
        for theirs, value in values.items():
            name = self._names.get(theirs, theirs)
            # what was named wins over a column that happens to have our name
            is_namesake = theirs not in self._names and theirs in self._meant
            if name in self._known and not is_namesake:
                found[name] = value
            elif len(self.unknown) < _MOST_UNKNOWN:
                self.unknown[theirs] = None
        return found


_MOST_UNKNOWN: Final = 1000
