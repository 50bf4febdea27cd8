"""Password checks: what they answer, and how much work they do for it."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from unicodedata import normalize

import argon2
import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastauth_kit.core.errors import Busy, InvalidInput
from fastauth_kit.features.passwords.hashing import PasswordHasher, Verification
from fastauth_kit.features.passwords.passlib_interface import CryptContext, PasswordContext
from fastauth_kit.features.passwords.policy import LONGEST_INPUT
from fastauth_kit.features.passwords.pool import HashingPool
from fastauth_kit.features.passwords.schemes import Argon2id, Bcrypt, default_context

T = TypeVar("T")

COMPOSED, DECOMPOSED, LIGATURE = "caf\u00e9 suffit", "cafe\u0301 suffit", "caf\u00e9 su\ufb03t"
CHEAP: dict[str, int] = {
    "argon2__time_cost": 1,
    "argon2__memory_cost": 8,
    "argon2__parallelism": 1,
    "bcrypt__rounds": 4,
}
WRONG = Verification(valid=False)


@dataclass
class Watched:
    """A context that remembers in which scheme it worked, and on what."""

    context: PasswordContext = field(default_factory=lambda: default_context(**CHEAP))
    made: list[str] = field(default_factory=list[str])
    verified: list[str] = field(default_factory=list[str])

    def hash(self, secret: str, /) -> str:
        self.made.append(secret)
        return self.context.hash(secret)

    def verify(self, secret: str, hash: str, /) -> bool:
        answer = self.context.verify(secret, hash)
        self.verified.append(hash[:26])
        return answer

    def needs_update(self, hash: str, /) -> bool:
        return self.context.needs_update(hash)

    def is_enabled(self, hash: str, /) -> bool:
        return self.context.is_enabled(hash)


class Failing(Watched):
    """Fails over the password "x", and over no other."""

    def __init__(self, fault: type[Exception]) -> None:
        super().__init__()
        self.fault = fault

    def verify(self, secret: str, hash: str, /) -> bool:
        if secret == "x":
            raise self.fault
        return super().verify(secret, hash)


CURRENT = "$argon2id$v=19$m=8,t=1,p=1"
"""How hashes of the default scheme with the current parameters begin."""


class CountingPool(HashingPool):
    """Counts the jobs, and remembers in which threads they ran."""

    def __init__(self) -> None:
        super().__init__(1)
        self.threads: list[str] = []

    async def run(self, function: Callable[[], T]) -> T:
        def noted() -> T:
            self.threads.append(threading.current_thread().name)
            return function()

        return await super().run(noted)


@pytest.fixture(scope="module")
def pool() -> HashingPool:
    return HashingPool(2)


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def hasher(watched: Watched, pool: HashingPool) -> PasswordHasher:
    return PasswordHasher(context=watched, pool=pool)


def argon2_of(password: str, *, time_cost: int = 1, memory_cost: int = 8) -> str:
    made = argon2.PasswordHasher(time_cost=time_cost, memory_cost=memory_cost, parallelism=1)
    return made.hash(password)


def bcrypt_of(password: str) -> str:
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()


class TestHash:
    async def test_uses_the_default_scheme(self, hasher: PasswordHasher) -> None:
        made = await hasher.hash("correct horse")

        assert made.startswith(CURRENT)
        assert argon2.PasswordHasher().verify(made, "correct horse")

    async def test_is_owasps_argon2id_if_nothing_is_said(self) -> None:
        hasher = PasswordHasher()

        made = await hasher.hash("correct horse")

        assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert await hasher.verify("correct horse", made) == Verification(valid=True)

    @pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED, LIGATURE])
    async def test_is_of_the_normal_form(self, hasher: PasswordHasher, typed: str) -> None:
        made = await hasher.hash(typed)

        assert argon2.PasswordHasher().verify(made, COMPOSED)

    @pytest.mark.parametrize("password", ["x" * 73, "é" * 37, "x" * (LONGEST_INPUT + 1)])
    async def test_refuses_what_the_scheme_would_cut(
        self, pool: HashingPool, password: str
    ) -> None:
        hasher = PasswordHasher(context=CryptContext([Bcrypt], deprecated="auto"), pool=pool)

        with pytest.raises(InvalidInput) as refusal:
            await hasher.hash(password, field="new_password")

        limit = LONGEST_INPUT if len(password) > LONGEST_INPUT else 72
        assert refusal.value.fields == [
            {
                "type": "password_too_long",
                "loc": ("body", "new_password"),
                "msg": f"Use a shorter password: {limit} bytes in UTF-8 at most.",
            }
        ]

    @pytest.mark.parametrize("password", ["correct\0horse", "correct \ud800 horse"])
    async def test_refuses_what_the_scheme_cannot_take(
        self, pool: HashingPool, password: str
    ) -> None:
        hasher = PasswordHasher(context=CryptContext([Bcrypt], deprecated="auto"), pool=pool)

        with pytest.raises(InvalidInput) as refusal:
            await hasher.hash(password)

        (fault,) = refusal.value.fields
        assert fault["type"] == "password_unusable"
        assert fault["loc"] == ("body", "password")
        assert "horse" not in fault["msg"]

    async def test_refusals_do_not_carry_the_password(self, hasher: PasswordHasher) -> None:
        """A ``UnicodeEncodeError`` holds the whole text, and logs show causes."""
        with pytest.raises(InvalidInput) as refusal:
            await hasher.hash("correct \ud800 horse")

        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__

    async def test_does_not_hide_a_fault_of_the_context(self, pool: HashingPool) -> None:
        class Broken(Watched):
            def hash(self, secret: str, /) -> str:
                raise ValueError("a setting is wrong")

        with pytest.raises(ValueError, match="a setting is wrong"):
            await PasswordHasher(context=Broken(), pool=pool).hash("correct horse")


class TestVerify:
    async def test_accepts_the_password(self, hasher: PasswordHasher) -> None:
        stored = await hasher.hash("correct horse")

        assert await hasher.verify("correct horse", stored) == Verification(valid=True)

    @pytest.mark.parametrize("wrong", ["", "correct hors", "Correct horse", "correct horse "])
    async def test_accepts_no_other(self, hasher: PasswordHasher, wrong: str) -> None:
        stored = await hasher.hash("correct horse")

        assert await hasher.verify(wrong, stored) == WRONG

    @pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED, LIGATURE])
    async def test_accepts_it_from_any_keyboard(self, hasher: PasswordHasher, typed: str) -> None:
        stored = await hasher.hash(COMPOSED)

        assert await hasher.verify(typed, stored) == Verification(valid=True)

    @pytest.mark.parametrize("typed", [DECOMPOSED, LIGATURE])
    async def test_accepts_an_imported_hash_of_the_typed_form_and_replaces_it(
        self, hasher: PasswordHasher, typed: str
    ) -> None:
        stored = argon2_of(typed)

        first = await hasher.verify(typed, stored)

        assert first.valid
        assert first.new_hash is not None
        assert await hasher.verify(COMPOSED, first.new_hash) == Verification(valid=True)

    async def test_does_not_accept_another_form_than_the_imported_one(
        self, hasher: PasswordHasher
    ) -> None:
        assert await hasher.verify(COMPOSED, argon2_of(DECOMPOSED)) == WRONG

    @pytest.mark.parametrize(
        "stored",
        [
            bcrypt_of("correct horse"),
            argon2_of("correct horse", memory_cost=32),
            argon2_of("correct horse", time_cost=2, memory_cost=16),
        ],
        ids=["older scheme", "less time", "less memory"],
    )
    async def test_replaces_a_hash_that_is_weaker(self, pool: HashingPool, stored: str) -> None:
        context = default_context(argon2__time_cost=2, argon2__memory_cost=32)
        hasher = PasswordHasher(context=context, pool=pool)

        answer = await hasher.verify("correct horse", stored)

        assert answer.valid
        assert answer.new_hash is not None
        assert answer.new_hash.startswith("$argon2id$v=19$m=32,t=2,p=1$")
        assert await hasher.verify("correct horse", answer.new_hash) == Verification(valid=True)

    async def test_replaces_nothing_for_a_wrong_password(
        self, hasher: PasswordHasher, watched: Watched
    ) -> None:
        assert await hasher.verify("wrong horse", bcrypt_of("correct horse")) == WRONG
        assert "wrong horse" not in watched.made

    async def test_replaces_a_cut_hash_by_one_of_the_whole_password(
        self, hasher: PasswordHasher
    ) -> None:
        answer = await hasher.verify("x" * 100, bcrypt_of("x" * 100))

        assert answer.valid
        assert answer.new_hash is not None
        assert await hasher.verify("x" * 99, answer.new_hash) == WRONG

    @pytest.mark.parametrize("password", ["x" * 73, "correct\0horse"])
    async def test_keeps_a_hash_when_no_better_can_be_made(
        self, pool: HashingPool, password: str
    ) -> None:
        context = CryptContext([Bcrypt, Argon2id], deprecated="auto", bcrypt__rounds=4)
        hasher = PasswordHasher(context=context, pool=pool)

        answer = await hasher.verify(password, argon2_of(password))

        assert answer == Verification(valid=True)

    async def test_accepts_what_is_too_long_to_be_normalised(self, pool: HashingPool) -> None:
        """An imported hash may be of it; its form is left alone."""
        password = "\ufb03" * (LONGEST_INPUT + 1)
        context = default_context(**CHEAP)

        answer = await PasswordHasher(context=context, pool=pool).verify(
            password, bcrypt_of(password)
        )

        assert answer == Verification(valid=True)

    async def test_never_normalises_without_bound(self, hasher: PasswordHasher) -> None:
        """4 s for this one, with the interpreter locked: it would hit every request."""
        hostile = "a" + "\u0345\u0301\u0323\u0334" * 2**18

        answer = await asyncio.wait_for(hasher.verify(hostile, None), 5)

        assert answer == WRONG

    async def test_takes_any_context_of_passlib(self, pool: HashingPool) -> None:
        context = CryptContext(["pbkdf2_sha256"], deprecated="auto", pbkdf2_sha256__rounds=10)
        hasher = PasswordHasher(context=context, pool=pool)

        stored = await hasher.hash("correct horse")

        assert stored.startswith("$pbkdf2-sha256$10$")
        assert (await hasher.verify("correct horse", stored)).valid
        assert await hasher.verify("correct horse", None) == WRONG


MALFORMED = [
    "",
    "!",
    "!unusable by Django",
    "nonsense",
    "$argon2",
    "$argon2id$v=19$m=8,t=1,p=1$",
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$é",
    "$argon2id$v=19$m=8,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2x$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$2b$",
    "$2b$04$",
    "$2b$99$" + "a" * 53,
    "$2b$04$" + "é" * 53,
    "$scrypt$nonsense",
    "$scrypt$ln=4,x=8,p=1$c2FsdA$c2FsdA",
    "$scrypt$ln=4,r=8,p=1$c2FsdA",
    "$7$",
    "$pbkdf2-sha256$",
    "$pbkdf2-sha256$10$!!$!!",
    "$pbkdf2-sha512$x$c2FsdA$c2FsdA",
    "pbkdf2_sha256$",
    "pbkdf2_sha256$10$salt",
    "pbkdf2_sha1$99999999999999999999$salt$abc",
    "argon2$argon2id$nonsense",
    "bcrypt$$2b$04$",
    "bcrypt_sha256$$2b$nonsense",
    "scrypt$",
    "scrypt$x$salt$8$1$abc",
    "scrypt$16$salt$8$1",
    "scrypt$99999999999999999999$salt$8$1$abc",
    "scrypt$16$salt$99999999999999999999$1$abc",
    "scrypt$15$salt$8$1$abc",
    "$P$",
    "correct \ud800 horse",
    "\0",
]


class TestEqualWork:
    """Invariant 7: time does not tell who has an account."""

    async def test_is_done_for_a_known_account(
        self, hasher: PasswordHasher, watched: Watched
    ) -> None:
        await hasher.verify("wrong horse", argon2_of("correct horse"))

        assert watched.verified == [CURRENT]

    async def test_is_done_without_an_account(
        self, hasher: PasswordHasher, watched: Watched
    ) -> None:
        assert await hasher.verify("correct horse", None) == WRONG
        assert watched.verified == [CURRENT]

    @pytest.mark.parametrize("stored", MALFORMED)
    async def test_is_done_for_a_malformed_hash(
        self, hasher: PasswordHasher, watched: Watched, stored: str
    ) -> None:
        assert await hasher.verify("correct horse", stored) == WRONG
        assert watched.verified == [CURRENT]

    @pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED, LIGATURE])
    async def test_is_done_once_for_a_hash_of_ours(
        self, hasher: PasswordHasher, watched: Watched, typed: str
    ) -> None:
        """The normal form is tried first: it is the one in all hashes but imported ones."""
        assert (await hasher.verify(typed, argon2_of(COMPOSED))).valid
        assert watched.verified == [CURRENT]

    @pytest.mark.parametrize(
        "stored",
        [argon2_of(COMPOSED + "!"), None, "nonsense", "$2b$04$"],
        # a hash is another one in each worker, and so would be the test's name
        ids=["ours", "none", "nonsense", "cut"],
    )
    async def test_is_done_twice_where_two_forms_are_tried(
        self, hasher: PasswordHasher, watched: Watched, stored: str | None
    ) -> None:
        assert await hasher.verify(DECOMPOSED, stored) == WRONG
        assert watched.verified == [CURRENT, CURRENT]

    @pytest.mark.parametrize("password", ["correct \ud800 horse", "\udfff"])
    @pytest.mark.parametrize(
        "stored",
        [argon2_of("x"), bcrypt_of("x"), None, "nonsense"],
        ids=["argon2", "bcrypt", "none", "nonsense"],
    )
    async def test_is_done_for_a_password_that_no_scheme_takes(
        self, hasher: PasswordHasher, watched: Watched, password: str, stored: str | None
    ) -> None:
        assert await hasher.verify(password, stored) == WRONG
        assert watched.verified == [CURRENT]

    async def test_is_done_for_an_account_that_the_context_calls_disabled(
        self, pool: HashingPool
    ) -> None:
        context = CryptContext([Argon2id, "django_disabled"], deprecated="auto", **CHEAP_ARGON2)
        watched = Watched(context)

        answer = await PasswordHasher(context=watched, pool=pool).verify("correct horse", "!")

        assert answer == WRONG
        assert watched.verified == [CURRENT]

    @pytest.mark.parametrize(
        "stored",
        [argon2_of("correct horse"), None, "nonsense"],
        ids=["ours", "none", "nonsense"],
    )
    async def test_includes_what_is_done_once_by_whoever_comes_first(
        self, hasher: PasswordHasher, watched: Watched, stored: str | None
    ) -> None:
        await hasher.verify("correct horse", stored)
        assert len(watched.made) == 1

        await hasher.verify("correct horse", stored)
        await hasher.verify("correct horse", None)
        assert len(watched.made) == 1

    async def test_never_lets_anyone_in(self, hasher: PasswordHasher, watched: Watched) -> None:
        """Not even with the password that the stand-in was made of."""
        await hasher.verify("correct horse", None)
        (nobodys,) = watched.made

        assert await hasher.verify(nobodys, None) == WRONG
        assert await hasher.verify(nobodys, "nonsense") == WRONG


CHEAP_ARGON2 = {key: value for key, value in CHEAP.items() if key.startswith("argon2")}


class TestThreads:
    async def test_each_call_is_one_job(self) -> None:
        """A replacement too: a second hop would wait in the queue a second time."""
        pool = CountingPool()
        hasher = PasswordHasher(context=default_context(**CHEAP), pool=pool)

        await hasher.hash("correct horse")
        await hasher.verify("correct horse", bcrypt_of("correct horse"))
        await hasher.verify(DECOMPOSED, None)

        assert len(pool.threads) == 3
        assert all(name.startswith("fastauth-hash") for name in pool.threads)

    async def test_a_full_pool_is_not_a_wrong_password(self) -> None:
        pool, may_end = HashingPool(1, max_waiting=0), threading.Event()
        hasher = PasswordHasher(context=default_context(**CHEAP), pool=pool)
        running = asyncio.create_task(pool.run(lambda: may_end.wait(20)))
        await asyncio.sleep(0)

        with pytest.raises(Busy):
            await hasher.verify("correct horse", None)
        with pytest.raises(Busy):
            await hasher.hash("correct horse")

        may_end.set()
        assert await running

    @pytest.mark.parametrize("fault", [MemoryError, OSError, RuntimeError])
    async def test_a_fault_of_the_machine_is_not_a_wrong_password(
        self, pool: HashingPool, fault: type[Exception]
    ) -> None:
        with pytest.raises(fault):
            await PasswordHasher(context=Failing(fault), pool=pool).verify("x", argon2_of("x"))

    @pytest.mark.parametrize(
        "refusal",
        [
            argon2.exceptions.VerificationError,
            argon2.exceptions.InvalidHashError,
            AssertionError,
            KeyError,
            OverflowError,
            TypeError,
            ValueError,
        ],
    )
    async def test_a_refusal_of_a_scheme_is_a_wrong_password(
        self, pool: HashingPool, refusal: type[Exception]
    ) -> None:
        """A caller's own context may raise any of these over a malformed hash."""
        failing = Failing(refusal)

        answer = await PasswordHasher(context=failing, pool=pool).verify("x", argon2_of("x"))

        assert answer == WRONG
        assert failing.verified == [CURRENT]

    async def test_hashers_share_no_pool_unless_told_to(self) -> None:
        assert PasswordHasher().pool is not PasswordHasher().pool


CONTEXT = default_context(**CHEAP)
PREFIXES = [
    "$argon2id$v=19$m=8,t=1,p=1$",
    "$2b$04$",
    "$scrypt$ln=4,r=8,p=1$",
    "$pbkdf2-sha256$10$",
    "pbkdf2_sha256$10$",
    "argon2$argon2id$",
    "bcrypt$$2b$04$",
    "bcrypt_sha256$$2b$04$",
    "scrypt$16$salt$8$1$",
    "$P$5",
]


@settings(deadline=None, max_examples=200)
@given(
    password=st.text(st.characters(codec=None)),
    stored=st.one_of(
        st.text(),
        st.tuples(
            st.sampled_from(PREFIXES),
            st.text(st.sampled_from("$abcXYZ019./+=,é\0\ud800"), max_size=64),
        ).map("".join),
    ),
)
def test_no_stored_text_and_no_password_raise(password: str, stored: str) -> None:
    hasher = PasswordHasher(context=CONTEXT, pool=HashingPool(1))

    answer = asyncio.run(hasher.verify(password, stored))
    hasher.pool.close()

    assert answer == WRONG


@settings(deadline=None, max_examples=100)
@given(password=st.text(st.characters(exclude_categories=["Cs"]), max_size=64))
def test_every_spelling_of_a_password_is_accepted(password: str) -> None:
    hasher = PasswordHasher(context=CONTEXT, pool=HashingPool(1))

    async def accepted() -> list[bool]:
        stored = await hasher.hash(password)
        spellings = (password, *(normalize(form, password) for form in ("NFC", "NFD", "NFKD")))
        return [(await hasher.verify(spelling, stored)).valid for spelling in spellings]

    assert asyncio.run(accepted()) == [True] * 4
    hasher.pool.close()
