"""Firebase's scrypt, in a form that needs no key of the project any more.

Firebase derives an AES key from the password by scrypt (RFC 7914), and stores the
project's signer key, encrypted with it in counter mode. Counter mode adds a key
stream to the text. Taking the signer key away from the stored hash leaves the key
stream, which the password alone proves. So the signer key is used once, at the
import, and no app has to keep it. It protected little: whoever knows one password
and its hash can compute it.
"""

import base64
import binascii
import hashlib
import hmac
from typing import ClassVar, Self, cast

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

from fastauth_kit.core.secrets import random_text
from fastauth_kit.features.passwords.passlib_interface import PasswordHash
from fastauth_kit.features.passwords.stored_text import as_bytes, as_text

PREFIX = "$firebase-scrypt$"

_KEPT = 32
"""Bytes of the stream that are stored. Fewer, as of a hash that was cut, prove nothing."""


class FirebaseScrypt(PasswordHash):
    """``$firebase-scrypt$ln=14,r=8$salt$stream``, with base64 as RFC 4648 has it.

    The salt is Firebase's with its separator behind it.
    """

    name: ClassVar[str] = "firebase_scrypt"
    setting_kwds: ClassVar[tuple[str, ...]] = ()
    context_kwds: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def using(cls, relaxed: bool = False) -> type[Self]:
        """Return a copy for one context; the parameters are the project's own."""
        return cast(type[Self], type(cls.__name__, (cls,), {}))

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:
        return as_text(hash).startswith(PREFIX)

    @classmethod
    def hash(cls, secret: str | bytes) -> str:
        """Hash with a fresh salt and Firebase's usual parameters."""
        salt = random_text().encode()
        return _written(14, 8, salt, _stream(secret, salt, 14, 8))

    @classmethod
    def verify(cls, secret: str | bytes, hash: str | bytes) -> bool:
        """Compare in constant time; ``ValueError`` if ``hash`` is malformed."""
        settings, salt, stored = as_text(hash).removeprefix(PREFIX).split("$")
        memory, rounds = (part.partition("=")[2] for part in settings.split(","))
        stream = _decoded(stored)
        if len(stream) != _KEPT:
            raise ValueError("malformed firebase-scrypt hash")
        made = _stream(secret, _decoded(salt), int(memory), int(rounds))
        return hmac.compare_digest(made, stream)


def from_firebase(
    *, hash: str, salt: str, signer_key: bytes, salt_separator: bytes, rounds: int, mem_cost: int
) -> str:
    """Return an exported hash in the form that ``FirebaseScrypt`` reads.

    Args:
        hash: ``passwordHash`` of the export, in base64 of either alphabet.
        salt: ``salt`` of the export, likewise.
        rounds: The block size of scrypt, whatever its name says.
        mem_cost: Base-2 logarithm of scrypt's cost.

    Raises:
        ValueError: One of them is no base64, or the hash is of another length.
    """
    encrypted = _decoded(hash)
    if len(encrypted) != len(signer_key) or len(encrypted) < _KEPT:
        raise ValueError("the hash is not as long as the signer key")
    stream = bytes(left ^ right for left, right in zip(encrypted, signer_key, strict=True))
    return _written(mem_cost, rounds, _decoded(salt) + salt_separator, stream[:_KEPT])


def _written(memory: int, rounds: int, salt: bytes, stream: bytes) -> str:
    encoded = (base64.b64encode(part).decode() for part in (salt, stream))
    return f"{PREFIX}ln={memory},r={rounds}$" + "$".join(encoded)


def _decoded(text: str) -> bytes:
    """Decode base64; Firebase's tools write both alphabets."""
    try:
        return base64.b64decode(text.translate(_STANDARD), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


_STANDARD = str.maketrans("-_", "+/")


def _stream(secret: str | bytes, salt: bytes, memory: int, rounds: int) -> bytes:
    cost = 1 << memory
    key = hashlib.scrypt(
        as_bytes(secret),
        salt=salt,
        n=cost,
        r=rounds,
        p=1,
        # what the parameters take (RFC 7914, section 5); OpenSSL stops at 32 MiB otherwise
        maxmem=128 * rounds * (cost + 3),
        dklen=32,
    )
    # each stored stream has a key of its own, so the counter may begin at zero
    return Cipher(AES256(key), CTR(bytes(16))).encryptor().update(bytes(_KEPT))
