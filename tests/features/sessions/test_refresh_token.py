"""Refresh tokens without clock and database: their form, their MAC, their worth."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastauth_kit.features.sessions.refresh_token import (
    Standing,
    is_genuine,
    make_refresh_token,
    parse_refresh_token,
    standing,
)

SESSION = UUID("0192f0c4-1b2a-7c3d-8e4f-0123456789ab")
KEY_ID = "0123456789ab"
KEY = b"k" * 32
SALT = "salt of the row"


def make(
    generation: int = 3, *, key: bytes = KEY, salt: str = SALT, session: UUID = SESSION
) -> str:
    return make_refresh_token(session, generation, key_id=KEY_ID, key=key, salt=salt)


@given(session=st.uuids(), generation=st.integers(0, 10**18 - 1))
def test_a_token_says_what_it_was_made_of(session: UUID, generation: int) -> None:
    token = parse_refresh_token(make(generation, session=session))

    assert token is not None
    assert (token.session_id, token.generation, token.key_id) == (session, generation, KEY_ID)


def test_a_generation_has_one_token() -> None:
    assert make() == make()


def test_the_token_is_the_one_that_was_published() -> None:
    """Another form would sign everybody out with an upgrade."""
    assert make() == (
        "rt.0192f0c41b2a7c3d8e4f0123456789ab.3.0123456789ab."
        "sD-RHFVS8gLYu1TNtzl3nbmmO9132wMjiriPiRDUK6o"
    )


def test_a_token_is_genuine_under_its_key_and_salt() -> None:
    token = parse_refresh_token(make())

    assert token is not None
    assert is_genuine(token, key=KEY, salt=SALT)


@pytest.mark.parametrize(("key", "salt"), [(b"j" * 32, SALT), (KEY, "another salt"), (KEY, "")])
def test_neither_key_nor_salt_alone_make_a_token(key: bytes, salt: str) -> None:
    token = parse_refresh_token(make(key=key, salt=salt))

    assert token is not None
    assert not is_genuine(token, key=KEY, salt=SALT)


def test_the_mac_of_one_generation_does_not_fit_another() -> None:
    mac = make(3).rpartition(".")[2]
    token = parse_refresh_token(make(4).rpartition(".")[0] + "." + mac)

    assert token is not None
    assert not is_genuine(token, key=KEY, salt=SALT)


def test_the_mac_of_one_session_does_not_fit_another() -> None:
    mac = make().rpartition(".")[2]
    other = make(session=UUID(int=SESSION.int + 1)).rpartition(".")[0]
    token = parse_refresh_token(f"{other}.{mac}")

    assert token is not None
    assert not is_genuine(token, key=KEY, salt=SALT)


HEX, MAC = SESSION.hex, "m" * 43


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rt",
        "rt....",
        f"at.{HEX}.0.{KEY_ID}.{MAC}",
        f"RT.{HEX}.0.{KEY_ID}.{MAC}",
        f"rt.{SESSION}.0.{KEY_ID}.{MAC}",
        f"rt.{HEX.upper()}.0.{KEY_ID}.{MAC}",
        f"rt.{HEX[:-1]}.0.{KEY_ID}.{MAC}",
        f"rt.{HEX}.-1.{KEY_ID}.{MAC}",
        f"rt.{HEX}.01.{KEY_ID}.{MAC}",
        f"rt.{HEX}..{KEY_ID}.{MAC}",
        f"rt.{HEX}.\u0663.{KEY_ID}.{MAC}",
        f"rt.{HEX}.{10**18}.{KEY_ID}.{MAC}",
        f"rt.{HEX}.{2**63}.{KEY_ID}.{MAC}",
        f"rt.{HEX}.0.{KEY_ID[:-1]}.{MAC}",
        f"rt.{HEX}.0.{KEY_ID[:-1]}g.{MAC}",
        f"rt.{HEX}.0.{KEY_ID}.{MAC[:-1]}",
        f"rt.{HEX}.0.{KEY_ID}.{MAC}m",
        f"rt.{HEX}.0.{KEY_ID}.{MAC[:-1]}=",
        f"rt.{HEX}.0.{KEY_ID}.{MAC}\n",
        f" rt.{HEX}.0.{KEY_ID}.{MAC}",
        f"rt.{HEX}.0.{KEY_ID}.{MAC}.more",
        "\ud800",
    ],
)
def test_what_does_not_look_like_a_token_is_none(text: str) -> None:
    assert parse_refresh_token(text) is None


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    assert parse_refresh_token(text) is None


def test_a_token_taken_apart_does_not_show_its_mac() -> None:
    token = parse_refresh_token(f"rt.{HEX}.0.{KEY_ID}.{MAC}")

    assert token is not None
    assert MAC not in repr(token)


@pytest.mark.parametrize(
    ("generation", "seconds", "expected"),
    [
        (5, 0.0, Standing.CURRENT),
        (5, 1e9, Standing.CURRENT),
        (4, 0.0, Standing.JUST_REPLACED),
        (4, 10.0, Standing.JUST_REPLACED),
        (4, -3600.0, Standing.JUST_REPLACED),
        (4, 10.000001, Standing.REUSED),
        (3, 0.0, Standing.REUSED),
        (3, -5.0, Standing.REUSED),
        (0, 0.0, Standing.REUSED),
        (6, 0.0, Standing.UNKNOWN),
    ],
)
def test_a_genuine_token_is_judged_by_its_generation(
    generation: int, seconds: float, expected: Standing
) -> None:
    judged = standing(generation, latest=5, seconds_since_rotation=seconds, grace_seconds=10)

    assert judged is expected


def test_a_first_token_has_no_predecessor() -> None:
    assert standing(0, latest=0, seconds_since_rotation=0, grace_seconds=0) is Standing.CURRENT
