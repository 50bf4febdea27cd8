"""The forms in which passwords are counted, hashed and compared."""

from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastauth_kit.features.passwords.passlib_interface import PasswordSizeError
from fastauth_kit.features.passwords.policy import LONGEST_INPUT, folded, normalized


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalized(normalized(text)) == normalized(text)


@given(
    st.text(st.sampled_from("ae\u00e9\u0301\u0316\u0334\u0344\u0345\u0f75\u1f82\u3313\u1161\u1112"))
)
def test_normalising_is_nfkc_whatever_the_marks(text: str) -> None:
    assert normalized(text) == normalize("NFKC", text)


@given(st.text(st.characters(codec=None)))
def test_normalising_is_nfkc(text: str) -> None:
    assert normalized(text) == normalize("NFKC", text)


@given(st.text())
def test_folding_knows_no_case_and_no_form(text: str) -> None:
    assume("\u0345" not in normalize("NFKD", text))

    assert folded(folded(text)) == folded(text)
    assert folded(normalize("NFD", text)) == folded(text)


def test_forms_are_those_of_unicode() -> None:
    assert normalized("cafe\u0301 \ufb03 \uff21") == "caf\u00e9 ffi A"
    assert folded("STRASSE") == folded("straße") == "strasse"
    assert folded("J\u030c") == folded("\u01f0") == "\u01f0"


@pytest.mark.parametrize("form", [normalized, folded])
def test_forms_are_not_made_of_what_is_too_long(form: Any) -> None:
    assert form("x" * LONGEST_INPUT) == "x" * LONGEST_INPUT
    with pytest.raises(PasswordSizeError) as refusal:
        form("x" * (LONGEST_INPUT + 1))
    assert refusal.value.max_size == LONGEST_INPUT
