"""Randomness, ids that sort by time, and MACs."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastauth_kit.core.secrets import (
    first_id_of,
    last_id_of,
    mac_text,
    random_text,
    same_text,
    time_ordered_id,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
moments = st.timedeltas(timedelta(0), timedelta(days=8000 * 365)).map(lambda age: EPOCH + age)
KEY = b"a key of these tests"


def milliseconds_of(key: UUID) -> int:
    return key.int >> 80


@given(moments)
def test_an_id_is_a_uuid_of_version_7(now: datetime) -> None:
    key = time_ordered_id(now)

    assert key.version == 7
    assert key.variant == RFC_4122


@given(moments)
def test_an_id_says_when_it_was_made(now: datetime) -> None:
    made = EPOCH + timedelta(milliseconds=milliseconds_of(time_ordered_id(now)))

    assert abs(made - now) <= timedelta(milliseconds=1)


@given(moments, moments)
def test_ids_sort_by_their_time_in_every_form(one: datetime, other: datetime) -> None:
    assume(other - one >= timedelta(milliseconds=2))

    earlier, later = time_ordered_id(one), time_ordered_id(other)

    assert earlier < later
    assert str(earlier) < str(later)
    assert earlier.bytes < later.bytes


def test_the_published_example_has_its_time_in_front() -> None:
    """RFC 9562, appendix A.6: 2022-02-22 14:22:22-05:00."""
    now = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)

    assert str(time_ordered_id(now)).startswith("017f22e2-79b0-7")


def test_ids_of_one_moment_differ_in_every_random_bit() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    keys = [time_ordered_id(now).int for _ in range(200)]

    ever_set = ever_clear = 0
    for key in keys:
        ever_set |= key
        ever_clear |= ~key
    random_bits = (1 << 62) - 1 | 0xFFF << 64

    assert ever_set & ever_clear & random_bits == random_bits
    assert (ever_set & ever_clear) >> 80 == 0


@pytest.mark.parametrize(("byte_count", "length"), [(16, 22), (32, 43)])
def test_random_text_has_eight_bits_for_each_byte(byte_count: int, length: int) -> None:
    made = {random_text(byte_count) for _ in range(50)}

    assert len(made) == 50
    assert {len(text) for text in made} == {length}


def test_random_text_has_128_bits_by_default() -> None:
    """OWASP ASVS 7.2.3."""
    assert len(random_text()) == 22


def test_a_mac_is_hmac_sha256_over_lengths_and_parts() -> None:
    body = b"\0\0\0\0\0\0\0\x02ab\0\0\0\0\0\0\0\x01c"
    digest = hmac.new(KEY, body, hashlib.sha256).digest()

    assert mac_text(KEY, b"ab", b"c") == urlsafe_b64encode(digest).decode().rstrip("=")


@given(st.lists(st.binary(max_size=12), max_size=4), st.lists(st.binary(max_size=12), max_size=4))
def test_no_two_lists_of_parts_share_a_mac(one: list[bytes], other: list[bytes]) -> None:
    assert (mac_text(KEY, *one) == mac_text(KEY, *other)) is (one == other)


@given(st.binary(min_size=1, max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_moving_a_boundary_changes_the_mac(text: bytes, one: int, other: int) -> None:
    assume(min(one, len(text)) != min(other, len(text)))

    assert mac_text(KEY, text[:one], text[one:]) != mac_text(KEY, text[:other], text[other:])


def test_another_key_makes_another_mac() -> None:
    assert mac_text(KEY, b"a") != mac_text(b"another key", b"a")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(codec="utf-8")))
def test_texts_are_the_same_only_if_they_are_equal(left: str, right: str) -> None:
    assert same_text(left, left)
    assert same_text(left, right) is (left == right)


def test_every_id_of_a_moment_lies_between_its_first_and_its_last() -> None:
    now = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)

    assert str(first_id_of(now)) == "017f22e2-79b0-0000-0000-000000000000"
    assert str(last_id_of(now)) == "017f22e2-79b0-ffff-ffff-ffffffffffff"
    assert first_id_of(now) < time_ordered_id(now) < last_id_of(now)
