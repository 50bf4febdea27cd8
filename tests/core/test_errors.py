"""Errors are facts: a code, a status, a sentence, and the headers that belong to it."""

import re
from collections.abc import Iterator

import fastapi
import pytest

import fastauth_kit
from fastauth_kit import AuthError
from fastauth_kit.core.errors import (
    Busy,
    DatabaseUnavailable,
    InvalidInput,
    InvalidToken,
    NotAuthenticated,
    NotEnoughPermissions,
    RecentLoginRequired,
    StrongerLoginRequired,
)


def every_error(root: type[AuthError] = AuthError) -> Iterator[type[AuthError]]:
    for error in root.__subclasses__():
        if error.__module__.startswith(fastauth_kit.__name__):
            yield error
        yield from every_error(error)


ERRORS = sorted(every_error(), key=lambda error: error.__qualname__)


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_states_its_facts(error: type[AuthError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
    assert 400 <= error.status <= 503
    assert isinstance(error.detail, str)
    assert error.detail.endswith(".")


@pytest.mark.parametrize("error", [error for error in ERRORS if error.status == 401])
def test_every_401_carries_a_challenge(error: type[AuthError]) -> None:
    """RFC 9110, section 15.5.2."""
    assert (error().headers or {})["WWW-Authenticate"].startswith("Bearer")


def test_two_errors_never_share_a_code_by_accident() -> None:
    own = [error for error in ERRORS if "code" in vars(error)]

    assert len({error.code for error in own}) == len(own)


@pytest.mark.parametrize(
    ("error", "challenge"),
    [
        (NotAuthenticated, "Bearer"),
        (RecentLoginRequired, 'Bearer error="insufficient_user_authentication"'),
        (StrongerLoginRequired, 'Bearer error="insufficient_user_authentication"'),
        (InvalidToken, 'Bearer error="invalid_token"'),
    ],
)
def test_only_a_token_that_does_not_work_is_called_invalid(
    error: type[AuthError], challenge: str
) -> None:
    """RFC 6750, section 3.1, and RFC 9470, section 3."""
    assert error().headers == {"WWW-Authenticate": challenge}


def test_fastapi_answers_an_error_as_its_own() -> None:
    error = NotEnoughPermissions()

    assert isinstance(error, fastapi.HTTPException)
    assert (error.status_code, error.detail, error.headers) == (
        403,
        "Your account may not do this.",
        None,
    )


def test_headers_are_added_to_the_challenge() -> None:
    error = NotAuthenticated(headers={"X-Reason": "none"})

    assert error.headers == {"WWW-Authenticate": "Bearer", "X-Reason": "none"}


@pytest.mark.parametrize(("error", "seconds"), [(Busy, "1"), (DatabaseUnavailable, "2")])
def test_what_passes_says_when_to_come_back(
    error: type[Busy | DatabaseUnavailable], seconds: str
) -> None:
    assert error().headers == {"Retry-After": seconds}


def test_invalid_input_lists_what_is_wrong() -> None:
    error = InvalidInput.at("body", "tags", 0, type="tag_unknown", msg="There is no such tag.")

    assert error.shown_detail == [
        {"type": "tag_unknown", "loc": ("body", "tags", 0), "msg": "There is no such tag."}
    ]
