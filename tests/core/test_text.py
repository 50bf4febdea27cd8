"""Which JSON and which text is let in."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastauth_kit.core.text import (
    MAX_DEPTH,
    UnacceptableJson,
    is_acceptable,
    parse_json,
    printable,
    unacceptable_places,
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_json_is_read_as_it_was_meant(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body is not valid JSON."),
        (b"{", "The body is not valid JSON."),
        (b"{'a': 1}", "The body is not valid JSON."),
        (b"{} {}", "The body is not valid JSON."),
        (b"\xef\xbb\xbf{}", "The body is not valid JSON."),
        (b"1" * 5000, "The body is not valid JSON."),
        (b'"a\x00b"', "The body is not valid JSON."),
        (b'{"a": NaN}', "NaN and Infinity are not JSON."),
        (b"[Infinity]", "NaN and Infinity are not JSON."),
        (b"[-Infinity]", "NaN and Infinity are not JSON."),
        (b"[1e999]", "A number is too large."),
        (b"[-1.5e400]", "A number is too large."),
        (b'{"a": 1, "a": 1}', "The body names a field twice."),
        (b'{"a": 1, "\\u0061": 2}', "The body names a field twice."),
        (b'[{"b": {"a": 1, "a": 2}}]', "The body names a field twice."),
        (b'"\xff"', "The body is not UTF-8."),
        (b'"\xed\xa0\x80"', "The body is not UTF-8."),
        ('{"a": "é"}'.encode("utf-16"), "The body is not UTF-8."),
        ('{"a": "é"}'.encode("latin-1"), "The body is not UTF-8."),
        ('{"a": 1}'.encode("utf-16-le"), "The body is not valid JSON."),
        (b"[" * 33 + b"]" * 33, "The body is nested too deeply."),
        (b"[" * 900 + b"]" * 900, "The body is nested too deeply."),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "The body is nested too deeply."),
        (b"[" * 100_000 + b"]" * 100_000, "The body is nested too deeply."),
        (b'{"a":' * 100_000, "The body is nested too deeply."),
    ],
)
def test_what_rfc_8259_does_not_have_is_refused_with_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(UnacceptableJson) as caught:
        parse_json(body)

    assert str(caught.value) == sentence


def test_nesting_up_to_the_bound_is_read() -> None:
    levels = MAX_DEPTH - 1  # and the number in the middle is one more

    assert parse_json(b"[" * levels + b"1" + b"]" * levels) is not None


@given(st.binary(max_size=200))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        value = parse_json(body)
    except UnacceptableJson:
        return
    assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize(
    ("text", "acceptable"),
    [
        ("", True),
        ("josé 🦆 \n\t\x7f", True),
        ("\ud7ff\ue000", True),
        ("a\x00", False),
        ("\ud800", False),
        # halves that are not joined are two halves
        ("\ud83e\udd86", False),
    ],
)
def test_nul_and_halves_of_characters_are_not_text(text: str, acceptable: bool) -> None:
    assert is_acceptable(text) is acceptable


@given(st.text())
def test_text_is_acceptable_if_it_can_be_stored(text: str) -> None:
    storable = "\x00" not in text and text.encode(errors="ignore").decode() == text

    assert is_acceptable(text) is storable


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (b'{"a": "fine", "b": [1, null, 2.5, true]}', []),
        (b'"\\ud800"', [("body",)]),
        (b'{"a": "\\u0000"}', [("body", "a")]),
        (b'{"a": ["x", {"b": "\\udfff"}]}', [("body", "a", 1, "b")]),
        # the name itself cannot be repeated in an answer
        (b'{"\\ud800": 1}', [("body",)]),
        (b'{"a": {"\\u0000": "\\ud800"}}', [("body", "a")]),
        (b'["\\ud800", "\\ud800"]', [("body", 0), ("body", 1)]),
        (b'"\\ud83e\\udd86"', []),
    ],
)
def test_bad_text_is_found_wherever_it_is(body: bytes, places: list[tuple[str | int, ...]]) -> None:
    assert list(unacceptable_places(parse_json(body), ("body",))) == places


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("josé 🦆", "josé 🦆"),
        ("a\r\nb\x1b\u202e\u200bc\x00", "abc"),
        ("x" * 21, "x" * 20),
        ("", ""),
    ],
)
def test_what_is_shown_is_printable_and_short(text: str, shown: str) -> None:
    assert printable(text, at_most=20) == shown
