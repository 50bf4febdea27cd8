"""Which keys are in force, and that none of them leads to another."""

import jwt
import pytest

from fastauth_kit.core import keys as keys_module
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.keys import KeyRing
from fastauth_kit.core.settings import AuthSettings

OLD = "nine-Quick-Zebras-jump-over-2-lazy-gnus"
NEW = "seven-Brave-Otters-swim-under-4-old-piers"
GATEWAY = "shared-With-the-Gateway-0123456789-abcdef"


def ring(secret: str, *fallbacks: str, **options: object) -> KeyRing:
    settings: dict[str, object] = {"secret_key": secret, "secret_key_fallbacks": fallbacks}
    return KeyRing(AuthSettings(**settings | options))  # type: ignore[arg-type]  # options vary


def test_the_same_settings_give_the_same_keys() -> None:
    """Ids are written into tokens: another process must find them again."""
    first, second = ring(OLD), ring(OLD)

    assert first.current("refresh") == second.current("refresh")
    assert list(first.verification_keys) == list(second.verification_keys)


def test_ids_and_keys_of_a_release_stay_in_the_next() -> None:
    """Whoever changes the derivation ends every session in the world."""
    key = ring(OLD).current("refresh-token")

    assert key.id == "c19c9f493dad"
    assert key.value.hex() == "af5c94083edb9b56cf290186c99167c573e014694747da8409d98c3f09d8320e"
    assert ring(OLD).signing_key.id == "f57e55e67986"


def test_the_secret_signs_and_a_fallback_still_verifies() -> None:
    before, rolled = ring(OLD), ring(NEW, OLD)

    assert rolled.current("refresh").id != before.current("refresh").id
    assert rolled.find("refresh", before.current("refresh").id) == before.current("refresh")


def test_a_fallback_that_is_added_first_knows_what_the_next_deployment_signs() -> None:
    prepared, rolled = ring(OLD, NEW), ring(NEW, OLD)

    assert prepared.current("refresh") == ring(OLD).current("refresh")
    assert prepared.find("refresh", rolled.current("refresh").id) == rolled.current("refresh")
    assert prepared.verification_keys.keys() == rolled.verification_keys.keys()


def test_a_secret_that_was_dropped_is_not_found() -> None:
    assert ring(NEW).find("refresh", ring(OLD).current("refresh").id) is None


@pytest.mark.parametrize("key_id", ["", "None", "\ud800"])
def test_an_id_that_was_never_given_is_not_found(key_id: str) -> None:
    assert ring(OLD).find("refresh", key_id) is None


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = ring(OLD)

    values = {keys.current(purpose).value for purpose in ("refresh", "cursor", "access-token")}

    assert len(values) == 3
    assert all(len(value) == 32 for value in values)


def test_the_derived_signing_key_is_that_of_no_purpose() -> None:
    keys = ring(OLD)
    token = jwt.encode({}, keys.signing_key.jwk, algorithm="HS256")

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, keys.current("access-token").value, algorithms=["HS256"])


def test_a_derived_signing_key_rolls_with_the_secret() -> None:
    token = jwt.encode({"sub": "1"}, ring(OLD).signing_key.jwk, algorithm="HS256")
    rolled = ring(NEW, OLD)

    verifier = rolled.verification_keys[ring(OLD).signing_key.id]

    assert jwt.decode(token, verifier.jwk, algorithms=["HS256"]) == {"sub": "1"}
    assert rolled.signing_key.id == ring(NEW).signing_key.id


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_given_signing_key_is_what_a_gateway_verifies_with(algorithm: str) -> None:
    given = GATEWAY * 2

    key = ring(OLD, signing_key=given, algorithm=algorithm).signing_key
    token = jwt.encode({"sub": "1"}, key.jwk, algorithm=key.algorithm)

    assert key.algorithm == algorithm
    assert jwt.decode(token, given, algorithms=[algorithm]) == {"sub": "1"}


def test_a_given_signing_key_leads_to_no_other_key() -> None:
    with_gateway, without = ring(OLD, signing_key=GATEWAY), ring(OLD)

    assert with_gateway.current("refresh") == without.current("refresh")
    assert with_gateway.signing_key.id not in {
        *without.verification_keys,
        without.current("any").id,
    }


def test_a_given_signing_key_rolls_by_itself() -> None:
    keys = ring(OLD, signing_key=GATEWAY, signing_key_fallbacks=[NEW])

    assert keys.signing_key.id == ring(OLD, signing_key=GATEWAY).signing_key.id
    assert list(keys.verification_keys)[1:] == [ring(OLD, signing_key=NEW).signing_key.id]


def test_two_keys_with_one_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too rare to be met: 2^48 keys would have to be tried for a pair."""
    monkeypatch.setattr(keys_module, "_derive", lambda *_: b"always the same")

    with pytest.raises(ConfigurationError, match="two keys share an id"):
        ring(OLD, NEW)


def test_no_key_is_shown() -> None:
    keys = ring(OLD)
    purpose_key = keys.current("refresh")

    shown = f"{keys!r} {purpose_key!r} {keys.signing_key!r} {purpose_key}"

    assert repr(purpose_key.value) not in shown
    assert OLD not in shown
