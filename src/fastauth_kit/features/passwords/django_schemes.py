"""Django's forms of argon2, bcrypt and scrypt; its pbkdf2 is passlib's."""

import base64
import hashlib
import hmac
from typing import ClassVar, Self, cast

from fastauth_kit.core.secrets import random_text
from fastauth_kit.features.passwords.argon2id import Argon2id
from fastauth_kit.features.passwords.bcrypt_schemes import Bcrypt
from fastauth_kit.features.passwords.passlib_interface import PasswordHash
from fastauth_kit.features.passwords.stored_text import as_bytes, as_text


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
        return hashlib.sha256(as_bytes(secret)).hexdigest().encode("ascii")


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
        return as_text(hash).startswith("scrypt$")

    @classmethod
    def hash(cls, secret: str | bytes) -> str:
        settings = f"16384${random_text()}$8$5"
        return f"scrypt${settings}${_django_scrypt(secret, settings)}"

    @classmethod
    def verify(cls, secret: str | bytes, hash: str | bytes) -> bool:
        """Compare in constant time; ``ValueError`` if ``hash`` is malformed."""
        settings, _, key = as_text(hash).removeprefix("scrypt$").rpartition("$")
        return hmac.compare_digest(_django_scrypt(secret, settings).encode(), key.encode())


def _django_scrypt(secret: str | bytes, settings: str) -> str:
    """Derive the 64-byte key for ``N$salt$r$p``, in base64."""
    n, salt, r, p = settings.split("$")
    cost, block, lanes = int(n), int(r), int(p)
    key = hashlib.scrypt(
        as_bytes(secret),
        salt=salt.encode(),
        n=cost,
        r=block,
        p=lanes,
        # what the parameters take (RFC 7914, section 5); OpenSSL stops at 32 MiB otherwise
        maxmem=128 * block * (cost + lanes + 2),
        dklen=64,
    )
    return base64.b64encode(key).decode("ascii")
