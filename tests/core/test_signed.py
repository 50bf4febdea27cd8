"""What we say to ourselves is believed only as we said it, and for what."""

from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastauth_kit.core.keys import KeyRing
from fastauth_kit.core.settings import AuthSettings
from fastauth_kit.core.signed import read_signed, sign

OLD = "nine-Quick-Zebras-jump-over-2-lazy-gnus"
NEW = "seven-Brave-Otters-swim-under-4-old-piers"
KEYS = KeyRing(AuthSettings(secret_key=OLD))
CLAIMS = {"after": "42", "exp": 5}


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@given(
    st.dictionaries(
        st.sampled_from(["after", "stamp", "amr"]),
        st.text(st.characters(codec="utf-8"), max_size=50),
    )
)
def test_what_was_signed_is_read_again(claims: dict[str, Any]) -> None:
    assert read_signed(KEYS, "cursor", sign(KEYS, "cursor", claims)) == claims


def test_times_are_for_the_reader_to_judge() -> None:
    """Only ``work.now`` says what time it is."""
    claims = {"exp": 1, "iat": 9_999_999_999, "nbf": 9_999_999_999}

    assert read_signed(KEYS, "cursor", sign(KEYS, "cursor", claims)) == claims


def test_a_text_of_one_purpose_never_passes_for_another() -> None:
    """RFC 8725, section 3.12."""
    assert read_signed(KEYS, "login-challenge", sign(KEYS, "cursor", CLAIMS)) is None


def test_a_text_of_a_fallback_secret_is_still_read() -> None:
    rolled = KeyRing(AuthSettings(secret_key=NEW, secret_key_fallbacks=[OLD]))

    assert read_signed(rolled, "cursor", sign(KEYS, "cursor", CLAIMS)) == CLAIMS


def test_a_text_of_a_dropped_secret_is_refused() -> None:
    dropped = KeyRing(AuthSettings(secret_key=NEW))

    assert read_signed(dropped, "cursor", sign(KEYS, "cursor", CLAIMS)) is None


def test_changing_any_character_is_noticed() -> None:
    text = sign(KEYS, "cursor", CLAIMS)
    # the last character of a part may hold bits that mean nothing
    places = [i for i in range(len(text) - 1) if "." not in text[i : i + 2]]

    changed = [text[:i] + ("A" if text[i] != "A" else "B") + text[i + 1 :] for i in places]

    assert {read_signed(KEYS, "cursor", other) is None for other in changed} == {True}


def with_header(**header: Any) -> str:
    key = KEYS.current("cursor")
    return jwt.encode(CLAIMS, key.value, algorithm="HS256", headers={"kid": key.id, **header})


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é.b.c",
        "\ud800.b.c",
        "a\x00.b.c",
        encoded("[]") + ".e30.",
        encoded("[" * 1400) + ".e30.xxx",
        encoded('{"alg":"none","kid":"' + KEYS.current("cursor").id + '"}') + ".e30.",
        encoded('{"alg":"HS256","kid":1}') + ".e30.xxx",
        encoded('{"alg":"HS256","kid":["a"]}') + ".e30.xxx",
        encoded('{"alg":"HS256","kid":"\\ud800"}') + ".e30.xxx",
        encoded('{"alg":"HS256"}') + ".e30.xxx",
    ],
)
def test_what_we_did_not_make_is_refused(text: str) -> None:
    assert read_signed(KEYS, "cursor", text) is None


def test_another_algorithm_is_refused_under_the_right_key() -> None:
    key = KEYS.current("cursor")
    text = jwt.encode(CLAIMS, key.value * 2, algorithm="HS512", headers={"kid": key.id})

    assert read_signed(KEYS, "cursor", text) is None


def test_an_unknown_critical_header_is_refused() -> None:
    """RFC 7515, section 4.1.11."""
    assert read_signed(KEYS, "cursor", with_header(crit=["new"], new=1)) is None


def test_a_payload_that_is_no_object_is_refused() -> None:
    key = KEYS.current("cursor")
    text = jwt.api_jws.encode(b"[1]", key.value, algorithm="HS256", headers={"kid": key.id})

    assert read_signed(KEYS, "cursor", text) is None


def test_a_long_text_is_refused_before_it_is_parsed() -> None:
    text = sign(KEYS, "cursor", {"after": "a" * 2048})

    assert read_signed(KEYS, "cursor", text) is None


@given(st.text())
def test_any_text_is_refused_without_an_error(text: str) -> None:
    assert read_signed(KEYS, "cursor", text) is None
