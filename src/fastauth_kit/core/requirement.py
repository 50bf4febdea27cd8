"""What a route may want of whoever is asking, beyond being signed in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastauth_kit.core.errors import (
    ConfigurationError,
    NotEnoughPermissions,
    RecentLoginRequired,
    StrongerLoginRequired,
)
from fastauth_kit.core.hooks import CurrentSession
from fastauth_kit.core.models import UserMixin

_METHOD_NAME = re.compile(r"[A-Za-z0-9._:-]+")
"""What may stand in a challenge without being escaped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """What a route wants of whoever is asking.

    Args:
        verified: The address must be proven.
        superuser: An administrator only.
        max_age: They proved who they are no longer ago than this; by one of
            ``methods``, where these are given.
        methods: The session used one of these methods (RFC 8176 names), the
            preferred one first.

    Raises:
        ConfigurationError: ``max_age`` is less than a second, or ``methods``
            are no list of names.
    """

    verified: bool = False
    superuser: bool = False
    max_age: timedelta | None = None
    methods: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.max_age is not None and self.max_age < timedelta(seconds=1):
            raise ConfigurationError("require_user(max_age=...) must be at least a second")
        if isinstance(self.methods, str):
            raise ConfigurationError(
                "require_user(methods=...) must be a list of names, not one: "
                f"methods=[{self.methods!r}]"
            )
        for name in self.methods:
            if not _METHOD_NAME.fullmatch(name):
                raise ConfigurationError(
                    "require_user(methods=...) takes names as in RFC 8176, such as 'pwd' or "
                    f"'otp', not {name!r}"
                )

    def check(self, user: UserMixin[Any], session: CurrentSession, now: datetime) -> None:
        """Check it.

        Raises:
            NotEnoughPermissions: Not verified, or no superuser.
            StrongerLoginRequired: The session used none of the methods.
            RecentLoginRequired: They proved who they are too long ago.
        """
        if self.superuser and not user.is_superuser:
            raise NotEnoughPermissions
        if self.verified and not user.is_verified:
            raise NotEnoughPermissions
        proven_at = self._proven_at(session.methods) if self.methods else session.authenticated_at
        if proven_at is None:
            raise StrongerLoginRequired(max_age=self.max_age, methods=self.methods)
        if self.max_age is not None and now - proven_at > self.max_age:
            raise RecentLoginRequired(max_age=self.max_age, methods=self.methods)

    def _proven_at(self, used: Mapping[str, datetime]) -> datetime | None:
        """Return when one of the methods was last used, or ``None``."""
        return max((used[name] for name in self.methods if name in used), default=None)


def is_recent(session: CurrentSession, now: datetime, max_age: timedelta) -> bool:
    """Whether the user proved who they are within this time."""
    return now - session.authenticated_at <= max_age
