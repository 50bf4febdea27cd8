"""Rotation in three steps, each followed by a deployment: announce, promote, drop.

Plain functions from one text to the next: what a command, or a script, calls.
Nobody is signed out as long as every server and every other verifier has seen
a key before it signs, and keeps it until what it signed has expired. The times
in the set are there to refuse a step that comes too early.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from fastauth_kit.features.signing_keys.generation import generate_key
from fastauth_kit.features.signing_keys.key_set import (
    KeyState,
    StoredKey,
    read_key_set,
    stored,
    write_key_set,
)

ANNOUNCED_FOR = timedelta(hours=1)
"""Time to deploy everywhere, and for copies of the JWK set to expire."""

RETIRED_FOR = timedelta(days=1)
"""Time to deploy everywhere, and for the last access tokens to expire."""


class RotationRefused(Exception):
    """A step that is not due; the sentence says which one, or when."""


def new_key_set(now: datetime, *, key: str | None = None) -> str:
    """Begin a key set whose one key signs.

    Args:
        now: The time; aware.
        key: A private key as PEM or JWK; or ``SYMMETRIC``, for a deployment
            that signs symmetrically so far and wants to change over. ``None``
            for a new Ed25519 key.

    Raises:
        ConfigurationError: ``key`` is no private key.
    """
    return write_key_set([stored(KeyState.CURRENT, now, key or generate_key())])


def list_keys(key_set: str) -> list[StoredKey]:
    """Return what is in a set, without showing a private key when printed.

    Raises:
        ConfigurationError: The text is no key set.
    """
    return read_key_set(key_set)


def announce_key(key_set: str, now: datetime, *, key: str | None = None) -> str:
    """Add the key that will sign next. Step 1: from now on it is accepted and published.

    Args:
        key: As in ``new_key_set``.

    Raises:
        RotationRefused: Another one is announced already, or this one is in the set.
        ConfigurationError: The text is no key set, or ``key`` is no private key.
    """
    keys = read_key_set(key_set)
    if _in_state(keys, KeyState.UPCOMING):
        raise RotationRefused("a key is announced already; promote it first")
    new = stored(KeyState.UPCOMING, now, key or generate_key())
    if any(new.id == old.id for old in keys):
        raise RotationRefused(f"the key {new.id} is in the set already; announce a new one")
    return write_key_set([*keys, new])


def promote_key(key_set: str, now: datetime, *, after: timedelta = ANNOUNCED_FOR) -> str:
    """Let the announced key sign, and retire the one that signed. Step 2.

    Of the retired key only the public half stays.

    Args:
        after: How long ago it must have been announced: what a deployment takes
            to reach every server, plus ``jwks_max_age``.

    Raises:
        RotationRefused: None is announced, or not long enough ago.
        ConfigurationError: The text is no key set.
    """
    keys = read_key_set(key_set)
    upcoming = _in_state(keys, KeyState.UPCOMING)
    if not upcoming:
        raise RotationRefused("no key is announced; announce one first")
    (new,) = upcoming
    if now - new.since < after:
        raise RotationRefused(
            f"the key {new.id} is announced since {new.since.isoformat()}: before "
            f"{(new.since + after).isoformat()} some who do not know it yet would refuse its tokens"
        )
    (old,) = _in_state(keys, KeyState.CURRENT)
    rest = [key for key in keys if key not in {old, new}]
    current = replace(new, state=KeyState.CURRENT, since=now)
    return write_key_set([current, stored(KeyState.RETIRED, now, old.text), *rest])


def drop_retired_keys(key_set: str, now: datetime, *, after: timedelta = RETIRED_FOR) -> str:
    """Drop the keys that were retired long enough ago. Step 3.

    Args:
        after: What a deployment takes to reach every server, plus
            ``access_token_lifetime``.

    Raises:
        RotationRefused: There is none.
        ConfigurationError: The text is no key set.
    """
    keys = read_key_set(key_set)
    kept = [key for key in keys if key.state is not KeyState.RETIRED or now - key.since < after]
    if len(kept) == len(keys):
        raise RotationRefused(
            f"no key was retired {after} ago; tokens of a younger one may not have expired"
        )
    return write_key_set(kept)


def _in_state(keys: list[StoredKey], state: KeyState) -> list[StoredKey]:
    return [key for key in keys if key.state is state]
