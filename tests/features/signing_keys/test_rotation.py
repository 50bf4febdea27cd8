"""The three steps of a rotation, from text to text, and those that come too early."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fastauth_kit import ConfigurationError
from fastauth_kit.features.signing_keys import (
    SYMMETRIC,
    KeyState,
    RotationRefused,
    SigningKeys,
    announce_key,
    drop_retired_keys,
    list_keys,
    new_key_set,
    promote_key,
    public_half,
)
from tests.features.signing_keys.samples import kid, pem, raw, sample

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY, MOMENT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)

ONE, TWO = sample(), sample("EdDSA", "two")


def listed(key_set: str) -> list[tuple[str, str, datetime]]:
    return [(key.state.value, key.id, key.since) for key in list_keys(key_set)]


@pytest.fixture
def announced() -> str:
    """A set whose second key was announced at the start."""
    return announce_key(new_key_set(START - DAY, key=ONE), START, key=TWO)


@pytest.fixture
def promoted(announced: str) -> str:
    """A set whose second key signs since an hour later."""
    return promote_key(announced, START + HOUR)


def test_a_new_set_has_one_key_that_signs() -> None:
    (key,) = list_keys(new_key_set(START))

    assert (key.state, key.since, key.algorithm) == (KeyState.CURRENT, START, "EdDSA")


def test_two_new_sets_have_different_keys() -> None:
    assert list_keys(new_key_set(START))[0].id != list_keys(new_key_set(START))[0].id


def test_a_set_may_begin_with_a_key_of_ones_own() -> None:
    (key,) = list_keys(new_key_set(START, key=pem(raw("P-256"))))

    assert key.algorithm == "ES256"


def test_the_steps_move_a_key_from_upcoming_to_gone(announced: str, promoted: str) -> None:
    one, two = kid(ONE), kid(TWO)
    end = START + HOUR + DAY

    assert listed(announced) == [("current", one, START - DAY), ("upcoming", two, START)]
    assert listed(promoted) == [
        ("current", two, START + HOUR),
        ("retired", one, START + HOUR),
    ]
    assert listed(drop_retired_keys(promoted, end)) == [("current", two, START + HOUR)]


def test_of_a_retired_key_the_public_half_stays(announced: str, promoted: str) -> None:
    private = json.loads(ONE)["d"]

    assert private in announced
    assert private not in promoted
    assert json.loads(TWO)["d"] in promoted


def test_a_key_set_is_what_the_feature_is_built_from(announced: str, promoted: str) -> None:
    retired = public_half(ONE)

    before = SigningKeys.from_key_set(announced, jwks_max_age=HOUR)
    after = SigningKeys.from_key_set(promoted)

    assert (before.current, before.upcoming, before.retired) == (ONE, [TWO], [])
    assert (after.current, after.upcoming, after.retired) == (TWO, [], [retired])
    assert (before.jwks_max_age, after.jwks_max_age) == (HOUR, SigningKeys().jwks_max_age)


def test_a_change_over_from_symmetric_keys_is_a_rotation() -> None:
    begun = new_key_set(START - DAY, key=SYMMETRIC)
    announced = announce_key(begun, START, key=ONE)
    promoted = promote_key(announced, START + HOUR)

    assert [SigningKeys.from_key_set(text).current for text in (begun, announced, promoted)] == [
        SYMMETRIC,
        SYMMETRIC,
        ONE,
    ]
    assert SigningKeys.from_key_set(promoted).retired == [SYMMETRIC]
    assert listed(begun) == [("current", SYMMETRIC, START - DAY)]


def test_another_algorithm_is_a_rotation_too() -> None:
    announced = announce_key(new_key_set(START, key=ONE), START, key=sample("RS256"))

    promoted = promote_key(announced, START + HOUR)

    assert [key.algorithm for key in list_keys(promoted)] == ["RS256", "EdDSA"]


def test_several_retired_keys_are_dropped_each_in_its_time(promoted: str) -> None:
    third = announce_key(promoted, START + 2 * HOUR, key=sample("ES256"))
    again = promote_key(third, START + 3 * HOUR)

    left = drop_retired_keys(again, START + DAY + 2 * HOUR)

    assert [(state, key_id) for state, key_id, _ in listed(left)] == [
        ("current", kid(sample("ES256"))),
        ("retired", kid(TWO)),
    ]


def test_listing_shows_no_private_key(promoted: str) -> None:
    assert json.loads(TWO)["d"] not in repr(list_keys(promoted))


# -- too early, or out of order --------------------------------------------------------


def test_a_key_is_not_promoted_before_everybody_knows_it(announced: str) -> None:
    with pytest.raises(RotationRefused) as caught:
        promote_key(announced, START + HOUR - MOMENT)

    assert str(caught.value) == (
        f"the key {kid(TWO)} is announced since 2026-11-23T12:00:00+00:00: before "
        "2026-11-23T13:00:00+00:00 some who do not know it yet would refuse its tokens"
    )


def test_a_key_is_not_dropped_before_its_tokens_have_expired(promoted: str) -> None:
    with pytest.raises(RotationRefused) as caught:
        drop_retired_keys(promoted, START + HOUR + DAY - MOMENT)

    assert str(caught.value) == (
        "no key was retired 1 day, 0:00:00 ago; tokens of a younger one may not have expired"
    )


def test_how_long_to_wait_is_the_callers_to_say(announced: str, promoted: str) -> None:
    assert promote_key(announced, START, after=timedelta(0))
    assert drop_retired_keys(promoted, START + HOUR, after=timedelta(0))
    with pytest.raises(RotationRefused):
        promote_key(announced, START + HOUR, after=DAY)


def test_what_was_not_announced_is_not_promoted(promoted: str) -> None:
    for key_set in (new_key_set(START, key=ONE), promoted):
        with pytest.raises(RotationRefused, match=r"^no key is announced; announce one first$"):
            promote_key(key_set, START + 2 * DAY)


def test_one_key_is_announced_at_a_time(announced: str) -> None:
    with pytest.raises(RotationRefused, match=r"^a key is announced already; promote it first$"):
        announce_key(announced, START)


@pytest.mark.parametrize("key", [ONE, TWO])
def test_a_key_does_not_come_back(promoted: str, key: str) -> None:
    """Neither the one that signs, nor the one whose private half was given up."""
    with pytest.raises(RotationRefused, match=f"^the key {kid(key)} is in the set already"):
        announce_key(promoted, START + DAY, key=key)


def test_there_is_nothing_to_drop_before_a_promotion(announced: str) -> None:
    with pytest.raises(RotationRefused):
        drop_retired_keys(announced, START + 9 * DAY)


# -- texts that are no set -------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        '"keys"',
        "{}",
        '{"keys": 7}',
        '{"keys": [7]}',
        '{"keys": [{}]}',
        '{"keys": [{"state": "lost", "since": "2026-11-23T12:00:00+00:00", "key": "symmetric"}]}',
        '{"keys": [{"state": "current", "since": "2026-11-23T12:00:00", "key": "symmetric"}]}',
        '{"keys": [{"state": "current", "since": "yesterday", "key": "symmetric"}]}',
        '{"keys": [{"state": "current", "since": 7, "key": "symmetric"}]}',
        json.dumps({"keys": [json.loads(ONE)]}),
        ONE,
    ],
)
def test_what_is_no_set_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        list_keys(text)

    assert str(caught.value) == "this is not a key set; begin one with new_key_set(...)"
    assert caught.value.__suppress_context__


def altered(key_set: str, *states: str) -> str:
    """Return a set whose entries are in other states."""
    entries: list[dict[str, Any]] = json.loads(key_set)["keys"]
    changed = [{**entry, "state": state} for entry, state in zip(entries, states, strict=True)]
    return json.dumps({"keys": changed})


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        (("retired", "upcoming"), "a key set has one current key, this one has 0"),
        (("current", "current"), "a key set has one current key, this one has 2"),
    ],
)
def test_a_set_has_one_key_that_signs(
    announced: str, states: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        list_keys(altered(announced, *states))
    assert str(caught.value) == sentence


def test_a_set_has_one_upcoming_key_at_most(promoted: str) -> None:
    three = announce_key(promoted, START, key=sample("ES256"))

    with pytest.raises(ConfigurationError, match="the upcoming key must be private: it is to sign"):
        list_keys(altered(three, "current", "upcoming", "upcoming"))


def test_two_upcoming_keys_are_too_many(announced: str) -> None:
    three = promote_key(announced, START + DAY)
    four = announce_key(three, START + DAY, key=sample("ES256"))
    entries = json.loads(four)["keys"]
    entries[1]["key"], entries[1]["state"] = json.loads(sample("RS256")), "upcoming"

    with pytest.raises(ConfigurationError, match="has one upcoming key, this one has 2"):
        list_keys(json.dumps({"keys": entries}))


def test_a_time_without_a_zone_is_refused() -> None:
    naive = START.replace(tzinfo=None)

    for step in (lambda: new_key_set(naive), lambda: announce_key(new_key_set(START), naive)):
        with pytest.raises(ConfigurationError, match=r"^the time needs a time zone: give datetime"):
            step()


@pytest.mark.parametrize(
    "step",
    [
        lambda key: new_key_set(START, key=key),
        lambda key: announce_key(new_key_set(START, key=TWO), START, key=key),
    ],
)
def test_a_public_key_cannot_sign(step: Any) -> None:
    """Neither now nor next."""
    with pytest.raises(ConfigurationError, match=r"key must be private: it is to sign$"):
        step(public_half(ONE))


def test_a_weak_key_does_not_get_into_a_set() -> None:
    with pytest.raises(ConfigurationError, match=r"^the current key is an RSA key of 1024 bits"):
        new_key_set(START, key=pem(raw("RSA 1024")))
