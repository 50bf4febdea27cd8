"""The hash formats the kit makes and reads.

passlib brings the interface (``CryptContext``) and the formats that stand on
``hashlib``. What it does not have, or what no longer works in it, is beside.
"""

from fastauth_kit.features.passwords.argon2id import Argon2id
from fastauth_kit.features.passwords.bcrypt_schemes import Bcrypt, WordPressBcrypt
from fastauth_kit.features.passwords.django_schemes import (
    DjangoArgon2,
    DjangoBcrypt,
    DjangoBcryptSha256,
    DjangoScrypt,
)
from fastauth_kit.features.passwords.firebase_scrypt import FirebaseScrypt
from fastauth_kit.features.passwords.passlib_interface import (
    CryptContext,
    PasswordContext,
    PasswordHash,
)

__all__ = [
    "Argon2id",
    "Bcrypt",
    "DjangoArgon2",
    "DjangoBcrypt",
    "DjangoBcryptSha256",
    "DjangoScrypt",
    "FirebaseScrypt",
    "WordPressBcrypt",
    "default_context",
]


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
        WordPressBcrypt,
        FirebaseScrypt,
    ]
    return CryptContext(schemes, deprecated="auto", **options)
