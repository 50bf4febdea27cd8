"""What a deployment may say, and the sentence that refuses the rest at start."""

from typing import Any

import pytest

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.settings import AuthSettings, key_bytes

SECRET = "nine-Quick-Zebras-jump-over-2-lazy-gnus"
OTHER = "seven-Brave-Otters-swim-under-4-old-piers"


def test_a_good_secret_is_all_that_is_needed() -> None:
    settings = AuthSettings(secret_key=SECRET)

    assert (settings.algorithm, settings.signing_key, settings.max_body_bytes) == (
        "HS256",
        None,
        65536,
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"secret_key": "short"}, "^secret_key has 5 bytes and needs 32; make one with: python -c"),
        ({"secret_key": ""}, "^secret_key has 0 bytes"),
        ({"secret_key": None}, "^secret_key must be text or bytes, not NoneType; make one with"),
        ({"secret_key": "\ud800" * 40}, "^secret_key is not valid text"),
        ({"secret_key": "a" * 64}, "^secret_key is not random"),
        ({"secret_key": "change-me-" * 4}, "^secret_key is a placeholder"),
        ({"secret_key": "CHANGE_THIS.secret-0123456789-abcdefgh"}, "^secret_key is a placeholder"),
        ({"secret_key": "please Replace Me with 32 random bytes"}, "^secret_key is a placeholder"),
        ({"secret_key": b"your-secret-key-goes-here-0123456789"}, "^secret_key is a placeholder"),
        ({"secret_key_fallbacks": ["short"]}, "^secret_key has 5 bytes"),
        ({"secret_key_fallbacks": [SECRET]}, "^secret_key and secret_key_fallbacks name the same"),
        ({"secret_key_fallbacks": [SECRET.encode()]}, "name the same key twice"),
        ({"secret_key_fallbacks": OTHER}, "^secret_key_fallbacks must be a list of keys"),
        ({"signing_key_fallbacks": OTHER.encode()}, "^signing_key_fallbacks must be a list"),
        ({"signing_key": "short"}, "^signing_key has 5 bytes and needs 32"),
        ({"signing_key_fallbacks": [OTHER]}, "^signing_key has 0 bytes"),
        ({"signing_key": OTHER, "signing_key_fallbacks": [OTHER]}, "^signing_key and signing_key_"),
        ({"signing_key": SECRET}, "^signing_key must differ from secret_key"),
        (
            {"secret_key_fallbacks": [OTHER], "signing_key": OTHER},
            "^signing_key must differ from secret_key",
        ),
        ({"algorithm": "none"}, "^algorithm must be one of HS256, HS384, HS512, not 'none'"),
        ({"algorithm": "RS256"}, "^algorithm must be one of"),
        ({"issuer": ""}, r"^AuthSettings\(issuer=...\) must not be empty"),
        ({"audience": ""}, r"^AuthSettings\(audience=...\) must not be empty"),
        ({"client_id": ""}, r"^AuthSettings\(client_id=...\) must not be empty"),
        ({"token_url": ""}, r"^AuthSettings\(token_url=...\) must not be empty"),
        ({"max_body_bytes": 1023}, "^max_body_bytes must be at least 1024"),
    ],
)
def test_what_cannot_be_right_is_refused_with_a_sentence(
    options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        AuthSettings(**{"secret_key": SECRET, **options})


@pytest.mark.parametrize(("algorithm", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_signing_key_is_at_least_as_long_as_the_hash(algorithm: Any, least: int) -> None:
    """RFC 7518, section 3.2."""
    key = bytes(range(least))

    AuthSettings(secret_key=SECRET, algorithm=algorithm, signing_key=key)

    with pytest.raises(ConfigurationError, match=f"^signing_key has {least - 1} bytes and needs"):
        AuthSettings(secret_key=SECRET, algorithm=algorithm, signing_key=key[1:])


def test_a_derived_signing_key_asks_nothing_more_of_the_secret() -> None:
    assert AuthSettings(secret_key=SECRET[:32], algorithm="HS512").algorithm == "HS512"


def test_the_smallest_body_limit_is_a_kibibyte() -> None:
    assert AuthSettings(secret_key=SECRET, max_body_bytes=1024).max_body_bytes == 1024


def test_a_refused_key_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        AuthSettings(secret_key="my-own-Value")

    assert "my-own-Value" not in str(caught.value)


def test_no_key_is_shown() -> None:
    keys = [f"{SECRET}-{number}" for number in range(4)]

    settings = AuthSettings(
        secret_key=keys[0],
        secret_key_fallbacks=[keys[1]],
        signing_key=keys[2],
        signing_key_fallbacks=[keys[3]],
    )

    assert SECRET not in repr(settings)


@pytest.mark.parametrize("key", ["schlüssel", "schlüssel".encode()])
def test_text_and_bytes_name_the_same_key(key: str | bytes) -> None:
    assert key_bytes(key) == b"schl\xc3\xbcssel"


def test_eight_different_letters_pass_for_random_and_seven_do_not() -> None:
    assert AuthSettings(secret_key="kitesbox" * 4)

    with pytest.raises(ConfigurationError, match="not random"):
        AuthSettings(secret_key="kitesbo" * 5)
