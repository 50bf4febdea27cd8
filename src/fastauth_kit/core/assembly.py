"""The parts of one installation, put together and checked once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Generic
from weakref import WeakSet

from sqlalchemy import Engine
from sqlalchemy.orm.interfaces import ORMOption
from typing_extensions import TypeVar

from fastauth_kit.core.after_commit import AfterCommit
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.feature import Feature, Hook
from fastauth_kit.core.identifiers import KeyFormat, key_format
from fastauth_kit.core.keys import KeyRing, SigningKeySource
from fastauth_kit.core.models import UserMixin, is_built_on, primary_key, utc_now
from fastauth_kit.core.settings import AuthSettings

UserT = TypeVar("UserT", bound=UserMixin[Any])
PartT = TypeVar("PartT")


@dataclass(frozen=True, kw_only=True, eq=False)
class Assembly(Generic[UserT]):
    """What operations need to know of the installation they run in.

    Args:
        user_model: The caller's table, built on ``UserMixin``.
        settings: Keys and limits of this deployment.
        features: What is switched on.
        hooks: The caller's own parts: instances of the classes in
            ``core.hooks``, asked after the features.
        user_load_options: Loader options for every user the kit loads, such
            as ``selectinload(User.roles)``.
        clock: Where the time comes from; aware, in UTC.
        after_commit: The worker for actions after the commit.

    Raises:
        ConfigurationError: A feature is there twice or misses another, a hook
            is none, or the user table does not fit.
    """

    user_model: type[UserT]
    settings: AuthSettings
    features: tuple[Feature, ...]
    hooks: tuple[Hook, ...] = ()
    user_load_options: Sequence[ORMOption] = ()
    clock: Callable[[], datetime] = utc_now
    after_commit: AfterCommit = field(default_factory=AfterCommit)

    def __post_init__(self) -> None:
        names = [feature.name for feature in self.features]
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError(f"features=(...) names {name!r} more than once")
        for feature in self.features:
            for needed in feature.requires:
                self.feature(needed)
        for hook in self.hooks:
            _check_hook(hook)
        if not is_built_on(self.user_model, UserMixin):
            raise ConfigurationError(f"{self.user_model.__name__} must inherit from UserMixin")
        self.user_key  # noqa: B018  # reading it checks the table
        for feature in self.features:
            feature.check(self)

    def feature(self, kind: type[PartT]) -> PartT:
        """Return the feature of a class.

        Raises:
            ConfigurationError: It is not switched on.
        """
        for part in self.features:
            if isinstance(part, kind):
                return part
        raise ConfigurationError(f"add {kind.__name__}(...) to AuthKit(features=...)")

    def taking_part(self, kind: type[PartT]) -> tuple[PartT, ...]:
        """Return the features, then the caller's hooks, that take part in a flow."""
        found = self._parts.get(kind)
        if found is None:
            parts = (*self.features, *self.hooks, *self.own_parts)
            found = self._parts[kind] = tuple(part for part in parts if isinstance(part, kind))
        return found

    def prepared(self, make: Callable[["Assembly[Any]"], PartT]) -> PartT:
        """Return what ``make`` makes of this installation, such as statements, made once.

        Two threads may both make it at first; either will do.
        """
        found: PartT | None = self._prepared.get(make)
        if found is None:
            found = self._prepared[make] = make(self)
        return found

    @property
    def own_parts(self) -> tuple[Hook, ...]:
        """What takes part in every installation; asked last."""
        return ()

    @cached_property
    def _parts(self) -> dict[type[Any], tuple[Any, ...]]:
        return {}

    @cached_property
    def _prepared(self) -> dict[Callable[..., Any], Any]:
        return {}

    @cached_property
    def checked_engines(self) -> WeakSet[Engine]:
        """Engines whose isolation level was found fit."""
        return WeakSet()

    @cached_property
    def keys(self) -> KeyRing:
        """Every key in force.

        Raises:
            ConfigurationError: Two parts say which keys sign.
        """
        sources = self.taking_part(SigningKeySource)
        if len(sources) > 1:
            names = ", ".join(type(source).__name__ for source in sources)
            raise ConfigurationError(
                f"one part says which keys sign access tokens, not {len(sources)}: {names}"
            )
        return KeyRing(self.settings, *sources)

    @cached_property
    def user_key(self) -> KeyFormat:
        """How user ids are written."""
        return key_format(primary_key(self.user_model))

    def write_user_id(self, user_id: Any) -> str | None:
        """Return a user id as text, for what outlives the user; ``None`` for nobody."""
        return None if user_id is None else self.user_key.write(user_id)


def _check_hook(hook: object) -> None:
    """Refuse what no flow would ever ask; a login condition, say, must not be lost in silence."""
    if isinstance(hook, type):
        raise ConfigurationError(
            f"AuthKit(hooks=...) needs instances: write {hook.__name__}(), not {hook.__name__}"
        )
    if not isinstance(hook, Hook):
        raise ConfigurationError(
            f"{type(hook).__name__} in AuthKit(hooks=...) takes part in nothing; "
            "let it inherit from a class in fastauth_kit.core.hooks, such as EventSink"
        )
