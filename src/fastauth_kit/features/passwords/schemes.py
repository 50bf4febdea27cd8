"""The hash formats the kit makes and reads.

passlib brings the interface (``CryptContext``) and the formats that stand on
``hashlib``. Its own argon2 and bcrypt no longer work with today's argon2-cffi
and bcrypt packages, so those two, and Django's forms of them, are here.
"""

import base64
import hashlib
import hmac
from typing import ClassVar, Final, Self, cast

import argon2
import bcrypt
from argon2.exceptions import VerificationError, VerifyMismatchError
from argon2.low_level import Type, error_to_str

from fastauth_kit.core.secrets import random_text
from fastauth_kit.features.passwords.passlib_interface import (
    CryptContext,
    PasswordContext,
    PasswordHash,
    PasswordTruncateError,
    PasswordValueError,
)

_ARGON2_VERSION: Final = 0x13
"""Version of RFC 9106; 1.0 was weaker."""
_ARGON2_MEMORY_ALLOCATION_ERROR: Final = -22
_ARGON2_THREAD_FAIL: Final = -33
_EXHAUSTED: Final = frozenset(
    map(error_to_str, (_ARGON2_MEMORY_ALLOCATION_ERROR, _ARGON2_THREAD_FAIL))
)
"""Messages of argon2 that speak of the machine, not of the hash."""


def default_context(**options: object) -> PasswordContext:
    """Make argon2id hashes, and read those of the stores people come from.

    Args:
        options: passlib's ``<scheme>__<option>``, such as
            ``argon2__memory_cost=47104`` (KiB) with ``argon2__time_cost=1``.

    Returns:
        A passlib ``CryptContext``.
    """
    schemes: list[str | type[PasswordHash]] = [
        Argon2id,
        Bcrypt,
        "scrypt",
        "pbkdf2_sha256",
        "pbkdf2_sha512",
        "django_pbkdf2_sha256",
        "django_pbkdf2_sha1",
        DjangoArgon2,
        DjangoBcrypt,
        DjangoBcryptSha256,
        DjangoScrypt,
        "phpass",
    ]
    return CryptContext(schemes, deprecated="auto", **options)


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
        return _text(hash).startswith(cls.prefix + "$argon2")

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
            return cls.hasher.verify(_text(hash).removeprefix(cls.prefix), secret)
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
        made = argon2.extract_parameters(_text(hash).removeprefix(cls.prefix))
        wanted = cls.hasher
        return (made.type, made.version, made.time_cost, made.memory_cost, made.parallelism) != (
            Type.ID,
            _ARGON2_VERSION,
            wanted.time_cost,
            wanted.memory_cost,
            wanted.parallelism,
        )


class Bcrypt(PasswordHash):
    """bcrypt by pyca/bcrypt: the scheme of FastAPI's older tutorials.

    It reads 72 bytes at most. Old stores cut longer passwords without a word,
    so ``verify`` cuts too; ``hash`` refuses (OWASP ASVS 6.2.8).
    """

    name: ClassVar[str] = "bcrypt"
    setting_kwds: ClassVar[tuple[str, ...]] = ("rounds",)
    context_kwds: ClassVar[tuple[str, ...]] = ()
    truncate_size: ClassVar[int] = 72
    truncate_verify_reject: ClassVar[bool] = False
    prefix: ClassVar[str] = ""
    """What the store writes in front of the crypt string."""
    rounds: ClassVar[int] = 12

    @classmethod
    def using(cls, relaxed: bool = False, *, rounds: int | str | None = None) -> type[Self]:
        """Return the scheme with another cost.

        Args:
            relaxed: Part of passlib's interface; wrong values always fail.
            rounds: Base-2 logarithm of the iterations.

        Raises:
            ValueError: ``rounds`` is not within 4 and 31.
        """
        cost = int(cls.rounds if rounds is None else rounds)
        if not 4 <= cost <= 31:
            raise ValueError("bcrypt needs rounds from 4 to 31")
        return cast(type[Self], type(cls.__name__, (cls,), {"rounds": cost}))

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:
        known = tuple(cls.prefix + version for version in ("$2a$", "$2b$", "$2y$"))
        return _text(hash).startswith(known)

    @classmethod
    def hash(cls, secret: str | bytes) -> str:
        """Hash with a fresh salt.

        Raises:
            PasswordTruncateError: Longer than 72 bytes.
            PasswordValueError: Holds NUL, where other implementations stop reading.
        """
        key = cls.key(secret)
        if len(key) > cls.truncate_size:
            raise PasswordTruncateError(cls)
        if b"\0" in key:
            raise PasswordValueError("bcrypt takes no NUL")
        return cls.prefix + bcrypt.hashpw(key, bcrypt.gensalt(cls.rounds)).decode("ascii")

    @classmethod
    def verify(cls, secret: str | bytes, hash: str | bytes) -> bool:
        """Compare in constant time; ``ValueError`` if ``hash`` is malformed."""
        stored = _text(hash).removeprefix(cls.prefix).encode("ascii")
        return bcrypt.checkpw(cls.key(secret)[: cls.truncate_size], stored)

    @classmethod
    def needs_update(cls, hash: str | bytes, secret: str | bytes | None = None) -> bool:
        """Tell whether the cost is another, for the reason that ``Argon2id`` has."""
        return int(_text(hash).removeprefix(cls.prefix).split("$")[2]) != cls.rounds

    @classmethod
    def key(cls, secret: str | bytes) -> bytes:
        """Return what bcrypt is given."""
        return _bytes(secret)


class DjangoArgon2(Argon2id):
    """``argon2$argon2id$v=19$...``: Django's ``Argon2PasswordHasher``."""

    name: ClassVar[str] = "django_argon2"
    prefix: ClassVar[str] = "argon2"


class DjangoBcrypt(Bcrypt):
    """``bcrypt$$2b$12$...``: Django's ``BCryptPasswordHasher``."""

    name: ClassVar[str] = "django_bcrypt"
    prefix: ClassVar[str] = "bcrypt$"


class DjangoBcryptSha256(Bcrypt):
    """``bcrypt_sha256$$2b$12$...``: Django's ``BCryptSHA256PasswordHasher``."""

    name: ClassVar[str] = "django_bcrypt_sha256"
    prefix: ClassVar[str] = "bcrypt_sha256$"

    @classmethod
    def key(cls, secret: str | bytes) -> bytes:
        """Return the digest in hexadecimal: 64 bytes, so nothing is cut."""
        return hashlib.sha256(_bytes(secret)).hexdigest().encode("ascii")


class DjangoScrypt(PasswordHash):
    """``scrypt$N$salt$r$p$key``: scrypt (RFC 7914) as Django writes it."""

    name: ClassVar[str] = "django_scrypt"
    setting_kwds: ClassVar[tuple[str, ...]] = ()
    context_kwds: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def using(cls, relaxed: bool = False) -> type[Self]:
        """Return a copy for one context; the parameters are Django's own."""
        return cast(type[Self], type(cls.__name__, (cls,), {}))

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:
        return _text(hash).startswith("scrypt$")

    @classmethod
    def hash(cls, secret: str | bytes) -> str:
        settings = f"16384${random_text()}$8$5"
        return f"scrypt${settings}${_django_scrypt(secret, settings)}"

    @classmethod
    def verify(cls, secret: str | bytes, hash: str | bytes) -> bool:
        """Compare in constant time; ``ValueError`` if ``hash`` is malformed."""
        settings, _, key = _text(hash).removeprefix("scrypt$").rpartition("$")
        return hmac.compare_digest(_django_scrypt(secret, settings).encode(), key.encode())


def _django_scrypt(secret: str | bytes, settings: str) -> str:
    """Derive the 64-byte key for ``N$salt$r$p``, in base64."""
    n, salt, r, p = settings.split("$")
    cost, block, lanes = int(n), int(r), int(p)
    key = hashlib.scrypt(
        _bytes(secret),
        salt=salt.encode(),
        n=cost,
        r=block,
        p=lanes,
        # what the parameters take (RFC 7914, section 5); OpenSSL stops at 32 MiB otherwise
        maxmem=128 * block * (cost + lanes + 2),
        dklen=64,
    )
    return base64.b64encode(key).decode("ascii")


def _bytes(secret: str | bytes) -> bytes:
    return secret.encode() if isinstance(secret, str) else secret


def _text(hash: str | bytes) -> str:
    """Return the stored hash as text; latin-1 takes any byte, as passlib does."""
    return hash if isinstance(hash, str) else hash.decode("latin-1")
