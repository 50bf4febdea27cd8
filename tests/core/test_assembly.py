"""The parts of one installation, checked once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import pytest
from sqlalchemy import LargeBinary
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import AuthSettings, ConfigurationError, UserMixin
from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.feature import Feature, Hook
from fastauth_kit.core.hooks import (
    AccountRemover,
    Authenticator,
    CredentialListener,
    EventSink,
    LoginCondition,
    RequestCondition,
    SecondFactor,
    SessionIssuer,
)
from fastauth_kit.core.keys import SigningKeySource
from fastauth_kit.core.work import Work
from tests.kit_app import SECRET, IntUser, UuidUser

SETTINGS = AuthSettings(secret_key=SECRET)


class Bell(Hook):
    """Stands for a hook: something a part takes part in."""


@dataclass(frozen=True, kw_only=True)
class Door(Feature, Bell):
    name: ClassVar[str] = "door"
    seen: list[Any] = field(default_factory=list[Any])

    def check(self, auth: Assembly[Any]) -> None:
        self.seen.append(auth)


@dataclass(frozen=True, kw_only=True)
class Lock(Feature):
    name: ClassVar[str] = "lock"
    requires: ClassVar[tuple[type[Feature], ...]] = (Door,)


class CallersBell(Bell):
    """A part that is no feature."""


class OtherHook(Hook):
    """Takes part in something else."""


def assemble(*features: Feature, **options: Any) -> Assembly[Any]:
    given = {"user_model": IntUser, "settings": SETTINGS, "features": features}
    return Assembly(**{**given, **options})


def test_a_feature_is_found_by_its_class() -> None:
    door = Door()

    assert assemble(Lock(), door).feature(Door) is door


def test_a_feature_that_is_off_is_asked_for_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"^add Door\(\.\.\.\) to AuthKit\(features"):
        assemble().feature(Door)


def test_a_feature_whose_need_is_missing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^add Door\(\.\.\.\) to AuthKit\(features"):
        assemble(Lock())


def test_a_feature_given_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"names 'door' more than once"):
        assemble(Door(), Door())


def test_every_feature_is_asked_whether_it_fits() -> None:
    door = Door()

    auth = assemble(door, Lock())

    assert door.seen == [auth]


def test_features_take_part_before_the_callers_hooks() -> None:
    door, first, second = Door(), CallersBell(), CallersBell()

    auth = assemble(Lock(), door, hooks=(first, OtherHook(), second))

    assert auth.taking_part(Bell) == (door, first, second)


def test_a_hook_that_takes_part_in_nothing_is_refused() -> None:
    """Having the right method is not enough: a condition like that would never be asked."""

    class Banned:
        async def check_login(self, work: Work, user: UserMixin[Any]) -> None: ...

    with pytest.raises(
        ConfigurationError, match=r"^Banned in AuthKit\(hooks=\.\.\.\) takes part in"
    ):
        assemble(hooks=(CallersBell(), Banned()))


def test_a_class_in_place_of_a_hook_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"write CallersBell\(\), not CallersBell$"):
        assemble(hooks=(CallersBell,))


@pytest.mark.parametrize(
    "kind",
    [
        AccountRemover,
        Authenticator,
        CredentialListener,
        EventSink,
        LoginCondition,
        RequestCondition,
        SecondFactor,
        SessionIssuer,
        SigningKeySource,
    ],
)
def test_every_class_of_hooks_is_known_as_one(kind: type[Any]) -> None:
    assert issubclass(kind, Hook)


def test_a_user_table_without_the_mixin_is_refused() -> None:
    class Base(DeclarativeBase): ...

    class Person(Base):
        __tablename__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(ConfigurationError, match=r"^Person must inherit from UserMixin$"):
        assemble(user_model=Person)


def test_a_user_class_without_a_table_is_refused() -> None:
    class Person(UserMixin[int]): ...

    with pytest.raises(ConfigurationError, match=r"^Person must be mapped to a table with one"):
        assemble(user_model=Person)


def test_a_user_table_with_two_keys_is_refused() -> None:
    class Base(DeclarativeBase): ...

    class Person(UserMixin[int], Base):
        __tablename__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True)
        tenant: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(ConfigurationError, match=r"one primary-key column, it has 2$"):
        assemble(user_model=Person)


def test_a_key_that_fits_no_token_is_refused() -> None:
    class Base(DeclarativeBase): ...

    class Person(UserMixin[bytes], Base):
        __tablename__ = "people"
        id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)

    with pytest.raises(ConfigurationError, match=r"^user ids must be int, UUID or str, not bytes"):
        assemble(user_model=Person)


@pytest.mark.parametrize(("model", "key"), [(IntUser, "7"), (UuidUser, "0" * 32)])
def test_the_user_table_decides_how_ids_are_written(model: Any, key: str) -> None:
    auth = assemble(user_model=model)

    assert auth.user_key.kind is type(auth.user_key.read(key))


def test_keys_are_derived_once() -> None:
    auth = assemble()

    assert auth.keys is auth.keys


def test_time_is_aware_unless_a_clock_is_given() -> None:
    moment = assemble().clock()

    assert moment.utcoffset() is not None
    assert moment.utcoffset() == assemble().clock().utcoffset()


@pytest.mark.parametrize("part", ["check", "add_auth_routes"])
def test_a_feature_need_not_check_nor_route(part: str) -> None:
    method = cast(Callable[[Any], None], getattr(Lock(), part))

    assert method(None) is None


async def test_a_feature_need_not_hold_anything() -> None:
    assert await Lock().aclose() is None  # type: ignore[func-returns-value]  # nothing is done


def test_what_is_prepared_is_made_once_for_each_installation() -> None:
    made: list[Assembly[Any]] = []

    def make(auth: Assembly[Any]) -> object:
        made.append(auth)
        return object()

    first, second = assemble(), assemble()

    assert first.prepared(make) is first.prepared(make)
    assert first.prepared(make) is not second.prepared(make)
    assert made == [first, second]
