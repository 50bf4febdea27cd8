"""Hash formats, each against hashes that were made by something else."""

import base64
import hashlib
import hmac
import os
import subprocess
import sys
from typing import Any, cast

import argon2
import bcrypt
import pytest
from argon2.exceptions import VerificationError
from hypothesis import given, settings
from hypothesis import strategies as st

from fastauth_kit.features.passwords.firebase_scrypt import from_firebase
from fastauth_kit.features.passwords.passlib_interface import (
    CryptContext,
    PasswordContext,
    PasswordHash,
    PasswordSizeError,
    PasswordTruncateError,
    PasswordValueError,
)
from fastauth_kit.features.passwords.schemes import (
    Argon2id,
    Bcrypt,
    DjangoArgon2,
    DjangoBcrypt,
    DjangoBcryptSha256,
    DjangoScrypt,
    FirebaseScrypt,
    WordPressBcrypt,
    default_context,
)

CHEAP: dict[str, int] = {
    "argon2__time_cost": 1,
    "argon2__memory_cost": 8,
    "argon2__parallelism": 1,
    "bcrypt__rounds": 4,
}
DJANGOS_PASSWORD = "lètmein! correct"
CUT = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SALT = b"seasaltseasalt12"


def adapted(raw: bytes) -> str:
    """Base64 as passlib's pbkdf2 formats have it: ``.`` for ``+``, no padding."""
    return base64.b64encode(raw, b"./").rstrip(b"=").decode()


def plain(raw: bytes) -> str:
    return base64.b64encode(raw).rstrip(b"=").decode()


def pbkdf2(digest: str, password: str) -> str:
    key = hashlib.pbkdf2_hmac(digest, password.encode(), SALT, 1000)
    return f"$pbkdf2-{digest}$1000${adapted(SALT)}${adapted(key)}"


def scrypt(password: str) -> str:
    key = hashlib.scrypt(password.encode(), salt=SALT, n=16, r=8, p=1, dklen=32)
    return f"$scrypt$ln=4,r=8,p=1${plain(SALT)}${plain(key)}"


def wordpress(password: str) -> str:
    """As WordPress 6.8 documents it: base64 of an HMAC with a fixed key, then bcrypt."""
    key = base64.b64encode(hmac.digest(b"wp-sha384", password.encode(), "sha384"))
    return "$wp" + bcrypt.hashpw(key, bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")


SIGNER_KEY = (
    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
)
FIREBASE_HASH = (
    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
)


def firebase(hash: str = FIREBASE_HASH, salt: str = "42xEC+ixf3L2lw==") -> str:
    """The sample of the README of firebase/scrypt, in the form in which the kit stores it."""
    return from_firebase(
        hash=hash,
        salt=salt,
        signer_key=base64.b64decode(SIGNER_KEY),
        salt_separator=base64.b64decode("Bw=="),
        rounds=8,
        mem_cost=14,
    )


FOREIGN = {
    # P-H-C/phc-winner-argon2, src/test.c
    "argon2id": (
        "password",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ),
    "argon2i": (
        "password",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
    ),
    "argon2i of version 1.0": (
        "password",
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ),
    # cryptography 50.0.2 (OpenSSL)
    "argon2d": (
        "correct horse",
        "$argon2d$v=19$m=64,t=2,p=1$c2Vhc2FsdHNlYXNhbHQxMg"
        "$dyrCv75r7wSZ+DRlgB6OWqPw196DoMNQmNsyDyIgVlE",
    ),
    # Openwall crypt_blowfish 1.3, wrapper.c
    "bcrypt 2a": ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    "bcrypt 2b": ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    "bcrypt 2y": ("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    "bcrypt, cut": (
        CUT + "chars after 72 are ignored",
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    ),
    # by hand, with hashlib
    "scrypt": ("correct horse", scrypt("correct horse")),
    "pbkdf2_sha256": ("correct horse", pbkdf2("sha256", "correct horse")),
    "pbkdf2_sha512": ("correct horse", pbkdf2("sha512", "correct horse")),
    # Django 5.2.19, django.contrib.auth.hashers
    "django pbkdf2_sha256": (
        DJANGOS_PASSWORD,
        "pbkdf2_sha256$1000$seasalt1$2pueiGJJVNyv5McE3UAWzVm9ta0/qxDPpXmGv3GMBHE=",
    ),
    "django pbkdf2_sha1": (
        DJANGOS_PASSWORD,
        "pbkdf2_sha1$1000$seasalt1$bv8xz/XmAreHmdmjQ2Tm5zarxHI=",
    ),
    "django argon2": (
        DJANGOS_PASSWORD,
        "argon2$argon2id$v=19$m=64,t=2,p=2$c2Vhc2FsdHNlYXNhbHQxMg"
        "$C6ckdMcJnFkC3jGo+7DIBRyZq6yfI4h9uFWwpEUh/OE",
    ),
    "django bcrypt": (
        DJANGOS_PASSWORD,
        "bcrypt$$2b$04$abcdefghijklmnopqrstuuUhgzkm6y21eTfCmM5.XAQi9yzyXNROu",
    ),
    "django bcrypt_sha256": (
        DJANGOS_PASSWORD,
        "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuarL8WNgAyT7UwOLuEofSZDSZZx9ny0G",
    ),
    "django bcrypt_sha256, long": (
        "x" * 100,
        "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuut2SshH6UbGkn9RXLOv/njlCqQS.IYXK",
    ),
    "django scrypt": (
        DJANGOS_PASSWORD,
        "scrypt$16$seasalt1$8$1$"
        "KFNh8uUviTLWHc2TOopbmowY6N753MTztceiIsNxHaGdYxR0hZcQWTxI5qpjmmeSqzYIwaBIy/nX6cGUulu6Zw==",
    ),
    # openwall.com/phpass, test.php
    "phpass": ("test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
    "phpass of phpBB": ("test12345", "$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
    # by hand, with hmac and bcrypt
    "wordpress": ("correct horse", wordpress("correct horse")),
    "wordpress, long": ("x" * 100, wordpress("x" * 100)),
    # README of firebase/scrypt
    "firebase": ("user1password", firebase()),
}
Scheme = type[Argon2id] | type[Bcrypt] | type[DjangoScrypt] | type[FirebaseScrypt]
OWN_SCHEMES: list[Scheme] = [
    Argon2id.using(time_cost=1, memory_cost=8),
    DjangoArgon2.using(time_cost=1, memory_cost=8),
    Bcrypt.using(rounds=4),
    DjangoBcrypt.using(rounds=4),
    DjangoBcryptSha256.using(rounds=4),
    DjangoScrypt,
    WordPressBcrypt.using(rounds=4),
    FirebaseScrypt,
]


def name_of(scheme: type[PasswordHash]) -> str:
    return scheme.name


@pytest.fixture(scope="module")
def context() -> PasswordContext:
    return default_context(**CHEAP)


@pytest.mark.parametrize(("password", "stored"), FOREIGN.values(), ids=FOREIGN.keys())
class TestHashesOfOthers:
    def test_match_their_password(
        self, context: PasswordContext, password: str, stored: str
    ) -> None:
        assert context.verify(password, stored)

    def test_match_no_other(self, context: PasswordContext, password: str, stored: str) -> None:
        assert not context.verify(password[1:], stored)
        assert not context.verify("", stored)

    def test_match_as_bytes(self, context: PasswordContext, password: str, stored: str) -> None:
        """Some stores keep hashes in a binary column."""
        assert context.verify(password, cast(str, stored.encode()))


@pytest.mark.parametrize(
    "stored",
    [stored for name, (_, stored) in FOREIGN.items() if name != "argon2id"],
    ids=[name for name in FOREIGN if name != "argon2id"],
)
def test_all_but_argon2id_are_due_for_replacement(context: PasswordContext, stored: str) -> None:
    assert context.needs_update(stored)


@pytest.mark.parametrize("scheme", OWN_SCHEMES, ids=name_of)
class TestEverySchemeOfOurs:
    def test_reads_what_it_makes(self, scheme: Scheme) -> None:
        made = scheme.hash("correct horse")

        assert scheme.identify(made)
        assert scheme.verify("correct horse", made)
        assert scheme.verify(b"correct horse", made.encode())
        assert not scheme.verify("correct hors", made)

    def test_salts(self, scheme: Scheme) -> None:
        assert scheme.hash("correct horse") != scheme.hash("correct horse")

    def test_is_recognised_by_itself_alone(self, scheme: Scheme) -> None:
        made = scheme.hash("correct horse")

        assert [other.name for other in OWN_SCHEMES if other.identify(made)] == [scheme.name]
        assert not scheme.identify(b"\xff" + made.encode())

    def test_takes_its_options_and_no_others(self, scheme: Scheme) -> None:
        """A slip in an option's name is reported when the context is built."""
        with pytest.raises((KeyError, TypeError), match="memory_kost"):
            CryptContext([scheme], deprecated="auto", **{f"{scheme.name}__memory_kost": 1})

    def test_passes_over_options_for_all_schemes(self, scheme: Scheme) -> None:
        context = CryptContext([scheme], deprecated="auto", truncate_error=True)

        assert context.verify("correct horse", context.hash("correct horse"))


@pytest.mark.parametrize(("password", "stored"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_hash_cut_short_matches_nothing(password: str, stored: str) -> None:
    """Such as by a VARCHAR that was too narrow. ``ValueError`` is passlib's way to say so."""
    for scheme in OWN_SCHEMES:
        for length in range(len(stored)):
            if scheme.identify(stored[:length]):
                assert refuses(scheme, password, stored[:length])


def refuses(scheme: Scheme, password: str, malformed: str) -> bool:
    try:
        return not scheme.verify(password, malformed)
    except ValueError:
        return True


class TestArgon2id:
    def test_follows_owasp_by_default(self) -> None:
        """OWASP Password Storage Cheat Sheet: m=19456 (19 MiB), t=2, p=1."""
        assert Argon2id.hash("correct horse").startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_is_what_the_default_context_makes(self) -> None:
        assert default_context().hash("correct horse").startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_takes_its_parameters_from_the_context(self) -> None:
        made = default_context(
            argon2__time_cost="3", argon2__memory_cost=32, argon2__parallelism=2
        ).hash("correct horse")

        assert made.startswith("$argon2id$v=19$m=32,t=3,p=2$")

    def test_keeps_parameters_that_are_not_given(self) -> None:
        scheme = Argon2id.using(time_cost=3, memory_cost=64, parallelism=2).using()

        assert scheme.hash("correct horse").startswith("$argon2id$v=19$m=64,t=3,p=2$")

    def test_using_leaves_the_original_alone(self) -> None:
        Argon2id.using(time_cost=9)

        assert Argon2id.hasher.time_cost == 2

    @pytest.mark.parametrize(
        "options",
        [{"time_cost": 0}, {"memory_cost": 7}, {"parallelism": 0}, {"parallelism": 3000}],
    )
    def test_refuses_parameters_out_of_range_at_once(self, options: dict[str, int]) -> None:
        with pytest.raises(ValueError, match="argon2 needs"):
            Argon2id.using(**cast(Any, options))

    @pytest.mark.parametrize(
        ("made_with", "due"),
        [
            ({"time_cost": 2, "memory_cost": 64}, False),
            ({"time_cost": 1, "memory_cost": 64}, True),
            ({"time_cost": 2, "memory_cost": 63}, True),
            ({"time_cost": 3, "memory_cost": 64}, True),
            ({"time_cost": 2, "memory_cost": 65}, True),
            ({"time_cost": 2, "memory_cost": 64, "parallelism": 4}, True),
            ({"time_cost": 2, "memory_cost": 64, "hash_len": 24, "salt_len": 8}, False),
            ({"time_cost": 2, "memory_cost": 64, "type": argon2.Type.I}, True),
            ({"time_cost": 2, "memory_cost": 64, "type": argon2.Type.D}, True),
        ],
    )
    @pytest.mark.parametrize("scheme", [Argon2id, DjangoArgon2])
    def test_replaces_what_costs_more_or_less(
        self, scheme: type[Argon2id], made_with: dict[str, Any], due: bool
    ) -> None:
        """All hashes converge on one cost, so that its time tells nothing."""
        made = argon2.PasswordHasher(**cast(Any, {"parallelism": 1, **made_with})).hash(
            "correct horse"
        )

        configured = scheme.using(time_cost=2, memory_cost=64)

        assert configured.needs_update(scheme.prefix + made) is due

    def test_replaces_version_1_0(self) -> None:
        made = argon2.low_level.hash_secret(
            b"correct horse", SALT, 2, 64, 1, 32, argon2.Type.ID, version=16
        ).decode()

        assert Argon2id.using(time_cost=2, memory_cost=64).verify("correct horse", made)
        assert Argon2id.using(time_cost=2, memory_cost=64).needs_update(made)

    @pytest.mark.parametrize("message", ["Memory allocation error", "Threading failure"])
    def test_does_not_call_a_password_wrong_for_want_of_memory(self, message: str) -> None:
        class Exhausted(argon2.PasswordHasher):
            def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # never answers
                raise VerificationError(message)

        class Failing(Argon2id):
            hasher = Exhausted()

        with pytest.raises(MemoryError, match=message):
            Failing.verify("correct horse", Argon2id.hash("correct horse"))


class TestBcrypt:
    def test_costs_12_by_default(self) -> None:
        assert Bcrypt.hash("correct horse").startswith("$2b$12$")

    def test_takes_its_cost_from_the_context(self) -> None:
        made = CryptContext([Bcrypt], deprecated="auto", bcrypt__rounds="5").hash("correct horse")

        assert made.startswith("$2b$05$")

    def test_keeps_a_cost_that_is_not_given(self) -> None:
        assert Bcrypt.using(rounds=4).using().hash("correct horse").startswith("$2b$04$")

    @pytest.mark.parametrize("rounds", [3, 32])
    def test_refuses_a_cost_out_of_range_at_once(self, rounds: int) -> None:
        with pytest.raises(ValueError, match="from 4 to 31"):
            Bcrypt.using(rounds=rounds)

    @pytest.mark.parametrize("rounds", [4, 31])
    def test_takes_the_costs_at_the_ends_of_the_range(self, rounds: int) -> None:
        assert Bcrypt.using(rounds=rounds).rounds == rounds

    @pytest.mark.parametrize("scheme", [Bcrypt, DjangoBcrypt])
    def test_never_cuts_a_new_password(self, scheme: type[Bcrypt]) -> None:
        """OWASP ASVS 6.2.8; counted in bytes, not characters."""
        cheap = scheme.using(rounds=4)

        assert cheap.verify("é" * 36, cheap.hash("é" * 36))
        with pytest.raises(PasswordTruncateError) as refusal:
            cheap.hash("é" * 36 + "x")
        assert refusal.value.max_size == 72
        assert isinstance(refusal.value, PasswordSizeError)

    def test_cuts_as_the_store_did_when_it_made_the_hash(self) -> None:
        stored = bcrypt.hashpw(CUT.encode(), bcrypt.gensalt(4)).decode()

        assert Bcrypt.verify(CUT + "and more", stored)
        assert not Bcrypt.verify(CUT[:-1], stored)

    def test_reads_a_long_django_password_to_its_end(self) -> None:
        scheme = DjangoBcryptSha256.using(rounds=4)

        made = scheme.hash("x" * 100)

        assert scheme.verify("x" * 100, made)
        assert not scheme.verify("x" * 99, made)

    def test_takes_no_nul(self) -> None:
        with pytest.raises(PasswordValueError):
            Bcrypt.using(rounds=4).hash("correct\0horse")

    @pytest.mark.parametrize("scheme", [Bcrypt, DjangoBcrypt, DjangoBcryptSha256, WordPressBcrypt])
    @pytest.mark.parametrize(("rounds", "due"), [(4, True), (5, False), (6, True)])
    def test_replaces_what_costs_more_or_less(
        self, scheme: type[Bcrypt], rounds: int, due: bool
    ) -> None:
        made = scheme.using(rounds=rounds).hash("correct horse")

        assert scheme.using(rounds=5).needs_update(made) is due

    def test_does_not_know_the_broken_2x(self) -> None:
        """``$2x$`` marks hashes of a faulty implementation, which match collisions."""
        assert not Bcrypt.identify("$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")


class TestDjangoScrypt:
    def test_derives_what_rfc_7914_says(self) -> None:
        """RFC 7914, section 12, second vector."""
        key = bytes.fromhex(
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
            "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        )
        stored = f"scrypt$1024$NaCl$8$16${base64.b64encode(key).decode()}"

        assert DjangoScrypt.verify("password", stored)

    def test_reads_parameters_beyond_openssls_default_memory(self) -> None:
        key = hashlib.scrypt(
            b"correct horse", salt=b"salt", n=2**16, r=8, p=1, maxmem=2**27, dklen=64
        )
        stored = f"scrypt$65536$salt$8$1${base64.b64encode(key).decode()}"

        assert DjangoScrypt.verify("correct horse", stored)

    def test_reads_djangos_own_parameters(self) -> None:
        """Made by Django 5.2.19."""
        stored = (
            "scrypt$16384$seasalt1$8$5$F/0sOo637FRg3QVAOoe4tU5do1iuwyOqzpkqz274CQbeUDcSOnAUnphtoug"
            "pmqNIP+/YUKSotmjkcwYyi2a9xQ=="
        )

        assert DjangoScrypt.verify(DJANGOS_PASSWORD, stored)

    def test_makes_what_django_makes(self) -> None:
        made = DjangoScrypt.hash("correct horse")

        assert made.startswith("scrypt$16384$")
        assert made.split("$")[3:5] == ["8", "5"]


class TestWordPressBcrypt:
    def test_trims_as_php_does(self) -> None:
        assert WordPressBcrypt.verify("\0 correct horse\r\n", wordpress("correct horse"))


class TestFirebaseScrypt:
    def test_reads_both_alphabets_of_base64(self) -> None:
        url_safe = str.maketrans("+/", "-_")

        assert firebase(FIREBASE_HASH.translate(url_safe)) == firebase()

    def test_keeps_nothing_of_the_signer_key(self) -> None:
        assert SIGNER_KEY[:16] not in firebase()
        assert FIREBASE_HASH[:16] not in firebase()

    @pytest.mark.parametrize(
        ("hash", "salt"),
        [("", "42xEC+ixf3L2lw=="), ("lSrfV15c", "42xEC+ixf3L2lw=="), (FIREBASE_HASH, "no base64!")],
    )
    def test_refuses_what_firebase_never_made(self, hash: str, salt: str) -> None:
        with pytest.raises(ValueError, match=r"base64|as long as"):
            firebase(hash, salt)

    def test_takes_no_stream_that_any_password_proves(self) -> None:
        empty = firebase().rpartition("$")[0] + "$"

        with pytest.raises(ValueError, match="malformed"):
            FirebaseScrypt.verify("user1password", empty)

    def test_makes_what_firebase_makes(self) -> None:
        assert FirebaseScrypt.hash("correct horse").startswith("$firebase-scrypt$ln=14,r=8$")


@settings(deadline=None, max_examples=50)
@given(password=st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_is_hashed_is_verified(password: str) -> None:
    scheme = Argon2id.using(time_cost=1, memory_cost=8)

    assert scheme.verify(password, scheme.hash(password))


def test_importing_passlib_warns_of_nothing() -> None:
    """passlib 1.7.4 imports ``crypt``, deprecated in 3.11 and 3.12, gone in 3.13."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error:'crypt' is deprecated",
            "-W",
            "error:Accessing argon2",
            "-c",
            "from fastauth_kit.features.passwords.schemes import default_context\n"
            "made = default_context().hash('correct horse')\n"
            "assert default_context().verify('correct horse', made)",
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
