"""Password hashes that cost next to nothing, and protect next to nothing."""

from dataclasses import replace
from functools import cache
from typing import Final

from fastauth_kit.features.passwords import PasswordHasher, default_context
from fastauth_kit.features.passwords.passlib_interface import PasswordContext

_CHEAP_BEGINNING: Final = "$argon2id$v=19$m=8,t=1,p=1$"
"""Of what is made here. ``Passwords`` replaces such a hash at the next login outside
tests, as it does with every one that is weaker than its own."""


class CheapContext:
    """Makes argon2id hashes at the least cost; whatever else there is, the app's context reads.

    Args:
        own: The context of the app.
    """

    def __init__(self, own: PasswordContext) -> None:
        self._own = own

    def hash(self, secret: str, /) -> str:
        """Hash at the least cost."""
        return _cheapest().hash(secret)

    def verify(self, secret: str, hash: str, /) -> bool:
        """Compare in the scheme of the hash."""
        return self._reader(hash).verify(secret, hash)

    def needs_update(self, hash: str, /) -> bool:
        """Whether the app would replace a hash that was not made here."""
        return self._reader(hash).needs_update(hash)

    def is_enabled(self, hash: str, /) -> bool:
        """Whether any password can match."""
        return self._reader(hash).is_enabled(hash)

    def _reader(self, hash: str) -> PasswordContext:
        return _cheapest() if hash.startswith(_CHEAP_BEGINNING) else self._own


@cache
def _cheapest() -> PasswordContext:
    return default_context(argon2__memory_cost=8, argon2__time_cost=1, argon2__parallelism=1)


def cheap(hasher: PasswordHasher) -> PasswordHasher:
    """Return the hasher of an app, made quick: the same threads, cheaper hashes."""
    return replace(hasher, context=CheapContext(hasher.context))
