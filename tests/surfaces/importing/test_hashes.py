"""Hashes are looked at before anybody signs in with them."""

import pytest

from fastauth_kit.features.passwords import default_context
from fastauth_kit.features.passwords.firebase_scrypt import FirebaseScrypt
from fastauth_kit.features.passwords.passlib_interface import CryptContext
from fastauth_kit.surfaces.importing.hashes import HashTooCostly, HashUnreadable, check_hash

CONTEXT = default_context()
SALT, KEY = "c2Vhc2FsdHNlYXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
CRYPT = "abcdefghijklmnopqrstuuUhgzkm6y21eTfCmM5.XAQi9yzyXNROu"

READABLE = [
    f"$argon2id$v=19$m=65536,t=3,p=4${SALT}${KEY}",
    f"$argon2i$m=256,t=2,p=1${SALT}${KEY}",
    f"argon2$argon2id$v=19$m=102400,t=2,p=8${SALT}${KEY}",
    f"$2a$10${CRYPT}",
    f"$2b$16${CRYPT}",
    f"$2y$10${CRYPT}",
    f"$wp$2y$10${CRYPT}",
    f"bcrypt$$2b$12${CRYPT}",
    f"bcrypt_sha256$$2b$12${CRYPT}",
    f"pbkdf2_sha256$1200000$seasalt1${KEY}=",
    "pbkdf2_sha1$1000$seasalt1$bv8xz/XmAreHmdmjQ2Tm5zarxHI=",
    "$pbkdf2-sha256$29000$c2Vhc2FsdHNlYXNhbHQ.$nf65EOgLrQMR.uIPnA4rEsF5h7TKyQwu9U1bMCHGi.4",
    f"$scrypt$ln=16,r=8,p=1${SALT}${KEY}",
    f"scrypt$16384$seasalt1$8$5${KEY}=",
    "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
    "$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
    FirebaseScrypt.hash("correct horse"),
]

TOO_COSTLY = [
    f"$argon2id$v=19$m=4194304,t=1,p=1${SALT}${KEY}",
    f"$argon2id$v=19$m=65536,t=4000,p=1${SALT}${KEY}",
    f"$argon2id$v=19$m=65536,t=3,p=1000${SALT}${KEY}",
    f"$argon2id$v=19$m={'9' * 600},t=3,p=1${SALT}${KEY}",
    f"$2b$31${CRYPT}",
    f"$wp$2y$17${CRYPT}",
    f"bcrypt_sha256$$2b$31${CRYPT}",
    f"pbkdf2_sha256$2000000000$seasalt1${KEY}=",
    f"$pbkdf2-sha512$20000000${SALT}${KEY}",
    f"$scrypt$ln=30,r=8,p=1${SALT}${KEY}",
    f"$scrypt$ln=9999999999,r=8,p=1${SALT}${KEY}",
    f"$scrypt$ln=16,r=8,p=1000${SALT}${KEY}",
    f"scrypt$1073741824$seasalt1$8$5${KEY}=",
    f"$firebase-scrypt$ln=31,r=8${SALT}${KEY}",
    "$P$TIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
    # much of little: threads of argon2, lanes of scrypt, the dearer SHA
    f"$argon2id$v=19$m=512,t=4096,p=64${SALT}${KEY}",
    f"$scrypt$ln=1,r=1,p=8388608${SALT}${KEY}",
    f"scrypt$2$seasalt1$1$8388608${KEY}=",
    f"$scrypt$ln=1,r=500000,p=64${SALT}${KEY}",
    f"$pbkdf2-sha512$10000000${SALT}${KEY}",
]

UNREADABLE = [
    "$7$F6..../....seasalt$pqp5ZHqzoKPQjpOyUFRWvqSVRm2VmXUTRbUwCr1iZn6",
    "correct horse battery",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "{SSHA}c2Vhc2FsdHNlYXNhbHQ",
    "$2x$10$" + CRYPT,
    "$2b$10$" + CRYPT[:-1],
    "$2b$10$" + CRYPT + "x",
    "$2b$1x$" + CRYPT,
    "$2b$10$" + CRYPT[:-1] + "é",
    "$2b$10$" + CRYPT[:-1] + "\n",
    "$argon2id$v=19$m=65536,t=3,p=4$" + SALT,
    "$argon2id$m=65536",
    "pbkdf2_sha256$1000$seasalt1$",
    "pbkdf2_sha256$١٢٣$seasalt1$" + KEY,
    "scrypt$16384$seasalt1$8$" + KEY,
    "$P$9IQRaTwmfeRo7ud9",
    "$firebase-scrypt$ln=14$x",
    "$2b$10$" + CRYPT[:-1] + "\0",
    "$2b$10$" + CRYPT[:-1] + "\ud800",
]


@pytest.mark.parametrize("stored", READABLE)
def test_a_hash_of_a_known_store_is_taken(stored: str) -> None:
    check_hash(stored, CONTEXT, longest=1024)


@pytest.mark.parametrize("stored", TOO_COSTLY)
def test_a_hash_that_would_take_a_machine_down_is_refused(stored: str) -> None:
    with pytest.raises(HashTooCostly):
        check_hash(stored, CONTEXT, longest=1024)


@pytest.mark.parametrize("stored", UNREADABLE)
def test_a_hash_that_nobody_can_read_is_refused(stored: str) -> None:
    with pytest.raises(HashUnreadable):
        check_hash(stored, CONTEXT, longest=1024)


def test_a_hash_must_fit_its_column() -> None:
    check_hash(READABLE[0], CONTEXT, longest=len(READABLE[0]))
    check_hash(READABLE[0], CONTEXT, longest=None)
    with pytest.raises(HashUnreadable):
        check_hash(READABLE[0], CONTEXT, longest=len(READABLE[0]) - 1)


def test_the_callers_own_schemes_decide() -> None:
    legacy = CryptContext(["argon2", "hex_md5"], deprecated="auto")
    known_there = "5f4dcc3b5aa765d61d8327deb882cf99"

    check_hash(known_there, legacy, longest=1024)
    with pytest.raises(HashUnreadable):
        check_hash(READABLE[3], legacy, longest=1024)
