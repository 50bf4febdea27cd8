"""What is refused at start."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.one_time_tokens import OneTimeTokens, Purpose
from tests.kit_app import IntOneTimeToken, KitApp, UuidOneTimeToken


class IntTokenWithMore(IntOneTimeToken):
    __tablename__ = "int_more_tokens"
    id: Mapped[Any] = mapped_column(ForeignKey(IntOneTimeToken.id), primary_key=True)  # type: ignore[assignment]  # joined inheritance


def test_the_table_must_belong_to_the_users(make_app: Callable[..., KitApp]) -> None:
    with pytest.raises(ConfigurationError, match="__auth_user__ must be IntUser"):
        make_app(more_features=(OneTimeTokens(model=UuidOneTimeToken),))


def test_the_columns_must_be_in_one_table(make_app: Callable[..., KitApp]) -> None:
    with pytest.raises(ConfigurationError, match="must keep its columns in one table"):
        make_app(more_features=(OneTimeTokens(model=IntTokenWithMore),))


def test_an_attempt_must_be_allowed() -> None:
    with pytest.raises(ConfigurationError, match="max_attempts must be at least 1"):
        OneTimeTokens(model=IntOneTimeToken, max_attempts=0)


@pytest.mark.parametrize(
    ("kind", "name", "seconds", "sentence"),
    [
        ("p", "reset", 1, "kind must be two lower-case letters"),
        ("pwr", "reset", 1, "kind must be two lower-case letters"),
        ("PR", "reset", 1, "kind must be two lower-case letters"),
        ("pr", "", 1, "must have 1 to 32 characters"),
        ("pr", "x" * 33, 1, "must have 1 to 32 characters"),
        ("pr", "reset", 0, "must be positive"),
    ],
)
def test_a_purpose_that_does_not_fit_is_refused(
    kind: str, name: str, seconds: int, sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        Purpose(kind, name, timedelta(seconds=seconds))


def test_a_purpose_may_just_fit() -> None:
    assert Purpose("pr", "x" * 32, timedelta(microseconds=1)).name == "x" * 32


def test_a_token_does_not_show_its_secret() -> None:
    from fastauth_kit.features.one_time_tokens.token import parse_one_time_token

    token = parse_one_time_token("pr.00000000000000000000000000000000." + "A" * 43)

    assert token is not None
    assert "AAAA" not in repr(token)
