"""What happens to accounts."""

from dataclasses import dataclass
from typing import Any

from fastauth_kit.core.hooks import Event
from fastauth_kit.core.models import UserMixin


@dataclass(frozen=True, slots=True)
class UserCreated(Event):
    """An account was made; ``user`` has its id, and nothing is committed yet."""

    user: UserMixin[Any]


@dataclass(frozen=True, slots=True)
class UserUpdated(Event):
    """An account was changed by its owner or a superuser."""

    user: UserMixin[Any]
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class UserDeleted(Event):
    """An account is being closed; its row goes with the same commit."""

    user_id: Any
