"""bcrypt, and WordPress's form of it. passlib's own no longer works with bcrypt 5."""

import base64
import hmac
from typing import ClassVar, Self, cast

import bcrypt

from fastauth_kit.features.passwords.passlib_interface import (
    PasswordHash,
    PasswordTruncateError,
    PasswordValueError,
)
from fastauth_kit.features.passwords.stored_text import as_bytes, as_text


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
        return as_text(hash).startswith(known)

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
        stored = as_text(hash).removeprefix(cls.prefix).encode("ascii")
        return bcrypt.checkpw(cls.key(secret)[: cls.truncate_size], stored)

    @classmethod
    def needs_update(cls, hash: str | bytes, secret: str | bytes | None = None) -> bool:
        """Tell whether the cost is another, for the reason that ``Argon2id`` has."""
        return int(as_text(hash).removeprefix(cls.prefix).split("$")[2]) != cls.rounds

    @classmethod
    def key(cls, secret: str | bytes) -> bytes:
        """Return what bcrypt is given."""
        return as_bytes(secret)


class WordPressBcrypt(Bcrypt):
    """``$wp$2y$10$...``: WordPress since 6.8. Its older hashes are phpass's."""

    name: ClassVar[str] = "wordpress_bcrypt"
    prefix: ClassVar[str] = "$wp"

    @classmethod
    def key(cls, secret: str | bytes) -> bytes:
        """Return the HMAC in base64: 64 bytes, so nothing is cut. PHP trims first."""
        trimmed = as_bytes(secret).strip(b" \t\n\r\0\x0b")
        return base64.b64encode(hmac.digest(b"wp-sha384", trimmed, "sha384"))
