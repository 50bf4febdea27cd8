"""What is refused at start."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.lockout import Lockout
from tests.kit_app import IntLoginFailure, KitApp, UuidLoginFailure


class IntFailureWithMore(IntLoginFailure):
    __tablename__ = "int_more_failures"
    id: Mapped[Any] = mapped_column(ForeignKey(IntLoginFailure.id), primary_key=True)  # type: ignore[assignment]  # joined inheritance


def test_the_table_must_belong_to_the_users(make_app: Callable[..., KitApp]) -> None:
    with pytest.raises(ConfigurationError, match="__auth_user__ must be IntUser"):
        make_app(more_features=(Lockout(model=UuidLoginFailure),))


def test_the_columns_must_be_in_one_table(make_app: Callable[..., KitApp]) -> None:
    with pytest.raises(ConfigurationError, match="must keep its columns in one table"):
        make_app(more_features=(Lockout(model=IntFailureWithMore),))


@pytest.mark.parametrize("most", [0, 101])
def test_the_standard_sets_the_bounds(most: int) -> None:
    with pytest.raises(ConfigurationError, match="most_failures must be from 1 to 100"):
        Lockout(model=IntLoginFailure, most_failures=most)


@pytest.mark.parametrize("most", [1, 100])
def test_the_bounds_are_allowed(most: int) -> None:
    assert Lockout(model=IntLoginFailure, most_failures=most).most_failures == most
