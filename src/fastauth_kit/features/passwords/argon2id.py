"""Argon2id: the scheme of new hashes. passlib's own no longer works with argon2-cffi."""

from typing import ClassVar, Final, Self, cast

import argon2
from argon2.exceptions import VerificationError, VerifyMismatchError
from argon2.low_level import Type, error_to_str

from fastauth_kit.features.passwords.passlib_interface import PasswordHash
from fastauth_kit.features.passwords.stored_text import as_text

_ARGON2_VERSION: Final = 0x13
"""Version of RFC 9106; 1.0 was weaker."""
_ARGON2_MEMORY_ALLOCATION_ERROR: Final = -22
_ARGON2_THREAD_FAIL: Final = -33
_EXHAUSTED: Final = frozenset(
    map(error_to_str, (_ARGON2_MEMORY_ALLOCATION_ERROR, _ARGON2_THREAD_FAIL))
)
"""Messages of argon2 that speak of the machine, not of the hash."""


class Argon2id(PasswordHash):
    """Argon2id (RFC 9106) by argon2-cffi: the scheme of new hashes.

    The defaults, 2 passes over 19 MiB in one lane, are the OWASP Password
    Storage Cheat Sheet's. Verifies argon2i and argon2d as well.
    """

    name: ClassVar[str] = "argon2"
    setting_kwds: ClassVar[tuple[str, ...]] = ("time_cost", "memory_cost", "parallelism")
    context_kwds: ClassVar[tuple[str, ...]] = ()
    prefix: ClassVar[str] = ""
    """What the store writes in front of the PHC string."""
    hasher: ClassVar[argon2.PasswordHasher] = argon2.PasswordHasher(
        time_cost=2, memory_cost=19456, parallelism=1
    )

    @classmethod
    def using(
        cls,
        relaxed: bool = False,
        *,
        time_cost: int | str | None = None,
        memory_cost: int | str | None = None,
        parallelism: int | str | None = None,
    ) -> type[Self]:
        """Return the scheme with other parameters.

        Args:
            relaxed: Part of passlib's interface; wrong values always fail.
            time_cost: Passes over the memory.
            memory_cost: Memory in KiB, at least 8 for each lane (RFC 9106, 3.1).
            parallelism: Lanes, each computed in a thread.

        Raises:
            ValueError: A parameter is out of the range of RFC 9106, section 3.1.
        """
        time = int(cls.hasher.time_cost if time_cost is None else time_cost)
        memory = int(cls.hasher.memory_cost if memory_cost is None else memory_cost)
        lanes = int(cls.hasher.parallelism if parallelism is None else parallelism)
        if time < 1 or lanes < 1 or memory < 8 * lanes:
            raise ValueError(
                "argon2 needs time_cost >= 1, parallelism >= 1 and memory_cost >= 8 * parallelism"
            )
        hasher = argon2.PasswordHasher(time_cost=time, memory_cost=memory, parallelism=lanes)
        return cast(type[Self], type(cls.__name__, (cls,), {"hasher": hasher}))

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:
        return as_text(hash).startswith(cls.prefix + "$argon2")

    @classmethod
    def hash(cls, secret: str | bytes) -> str:
        return cls.prefix + cls.hasher.hash(secret)

    @classmethod
    def verify(cls, secret: str | bytes, hash: str | bytes) -> bool:
        """Compare in constant time.

        Raises:
            ValueError: ``hash`` is malformed.
            MemoryError: The machine has no memory or thread left for it.
        """
        try:
            return cls.hasher.verify(as_text(hash).removeprefix(cls.prefix), secret)
        except VerifyMismatchError:
            return False
        except VerificationError as error:
            if str(error) in _EXHAUSTED:
                raise MemoryError(str(error)) from None
            raise ValueError("malformed argon2 hash") from None

    @classmethod
    def needs_update(cls, hash: str | bytes, secret: str | bytes | None = None) -> bool:
        """Tell whether the hash would be made otherwise today, be it stronger or weaker.

        A stronger one would take longer to check than the stand-in for an
        unknown account, so its time would tell for ever who has an account.
        """
        made = argon2.extract_parameters(as_text(hash).removeprefix(cls.prefix))
        wanted = cls.hasher
        return (made.type, made.version, made.time_cost, made.memory_cost, made.parallelism) != (
            Type.ID,
            _ARGON2_VERSION,
            wanted.time_cost,
            wanted.memory_cost,
            wanted.parallelism,
        )
