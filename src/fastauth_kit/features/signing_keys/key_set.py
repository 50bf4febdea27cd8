"""The keys of a deployment in one text, to be kept as a secret: in a file, or a variable."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.signing_keys.key import SYMMETRIC, TokenKey, read_key


class KeyState(StrEnum):
    """What a key is used for; every key of a set verifies, and is published."""

    UPCOMING = "upcoming"
    """It will sign next."""
    CURRENT = "current"
    """It signs."""
    RETIRED = "retired"
    """It has signed what may still be around."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """One key of a set."""

    state: KeyState
    since: datetime
    """When it came into this state; aware, in UTC."""
    text: str = field(repr=False)
    """The key as a JWK, or ``SYMMETRIC``."""
    id: str
    """Its ``kid``; of ``SYMMETRIC``, that word."""
    algorithm: str
    """Of ``SYMMETRIC``, that word: ``AuthSettings`` decides."""


def stored(state: KeyState, since: datetime, text: str | bytes) -> StoredKey:
    """Return an entry of a set; of a retired key, the public half alone.

    Raises:
        ConfigurationError: The text is no key, or a key of another half is needed.
    """
    if text == SYMMETRIC:
        return StoredKey(state, since, SYMMETRIC, SYMMETRIC, SYMMETRIC)
    key = read_key(text, where=f"the {state} key")
    return StoredKey(state, since, _written(key, state), key.id, key.verifier.algorithm)


def _written(key: TokenKey, state: KeyState) -> str:
    if state is KeyState.RETIRED:
        return json.dumps(dict(key.public_jwk))
    if key.private_jwk is None:
        raise ConfigurationError(f"the {state} key must be private: it is to sign")
    return json.dumps(dict(key.private_jwk))


def write_key_set(keys: Sequence[StoredKey]) -> str:
    """Return a set as text; it holds private keys.

    Raises:
        ConfigurationError: A time has no time zone: the next step could not tell when it was.
    """
    if any(key.since.tzinfo is None for key in keys):
        raise ConfigurationError("the time needs a time zone: give datetime.now(UTC)")
    entries = [
        {"state": key.state, "since": key.since.isoformat(), "key": _as_json(key)} for key in keys
    ]
    return json.dumps({"keys": entries})


def _as_json(key: StoredKey) -> Any:
    return SYMMETRIC if key.text == SYMMETRIC else json.loads(key.text)


def read_key_set(text: str) -> list[StoredKey]:
    """Return the keys of a set.

    Raises:
        ConfigurationError: The text is no such set, or has not exactly one current key.
    """
    try:
        keys = [_read_entry(entry) for entry in json.loads(text)["keys"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        # what was given may be a secret; its parse error would show it
        raise ConfigurationError("this is not a key set; begin one with new_key_set(...)") from None
    for state, least in ((KeyState.CURRENT, 1), (KeyState.UPCOMING, 0)):
        count = sum(key.state is state for key in keys)
        if not least <= count <= 1:
            raise ConfigurationError(f"a key set has one {state} key, this one has {count}")
    return keys


def _read_entry(entry: dict[str, Any]) -> StoredKey:
    since = datetime.fromisoformat(entry["since"])
    if since.tzinfo is None:
        raise ValueError("without a time zone")
    key = entry["key"]
    text = key if key == SYMMETRIC else json.dumps(key)
    return stored(KeyState(entry["state"]), since, text)
