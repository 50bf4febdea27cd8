"""What happens to accounts.

``user`` is the row within the transaction. After the commit it may be expired:
what is needed then is in the other fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from fastauth_kit.core.hooks import Event
from fastauth_kit.core.models import UserMixin


@dataclass(frozen=True, slots=True)
class UserCreated(Event):
    """An account was made; ``user`` has its id, and nothing is committed yet."""

    typed: ClassVar[frozenset[str]] = frozenset({"email"})

    user: UserMixin[Any]
    user_id: Any = field(init=False)
    email: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "user_id", self.user.id)
        object.__setattr__(self, "email", self.user.email)


@dataclass(frozen=True, slots=True)
class UserUpdated(Event):
    """An account was changed by its owner or a superuser."""

    user: UserMixin[Any]
    fields: frozenset[str]
    user_id: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "user_id", self.user.id)


@dataclass(frozen=True, slots=True)
class UserDeactivated(Event):
    """A user may no longer sign in; their sessions have ended."""

    user_id: Any


@dataclass(frozen=True, slots=True)
class UserReactivated(Event):
    """A user may sign in again."""

    user_id: Any


@dataclass(frozen=True, slots=True)
class UserPromoted(Event):
    """A user became a superuser, or was made as one."""

    user_id: Any


@dataclass(frozen=True, slots=True)
class UserDemoted(Event):
    """A user is no superuser any more."""

    user_id: Any


@dataclass(frozen=True, slots=True)
class UserDeleted(Event):
    """An account is being closed; its row goes with the same commit."""

    user_id: Any


def standing_events(user_id: Any, moved: Mapping[str, Any]) -> list[Event]:
    """Return what the new values of columns mean for what a user may do."""
    active, superuser = moved.get("is_active"), moved.get("is_superuser")
    found: list[Event] = []
    if active is not None:
        found.append(UserReactivated(user_id) if active else UserDeactivated(user_id))
    if superuser is not None:
        found.append(UserPromoted(user_id) if superuser else UserDemoted(user_id))
    return found
