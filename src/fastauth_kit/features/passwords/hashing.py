"""Making and checking password hashes, off the event loop."""

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Final

from argon2.exceptions import Argon2Error

from fastauth_kit.core.errors import InvalidInput
from fastauth_kit.features.passwords.passlib_interface import (
    PasswordContext,
    PasswordSizeError,
    PasswordValueError,
)
from fastauth_kit.features.passwords.policy import normalized
from fastauth_kit.features.passwords.pool import HashingPool
from fastauth_kit.features.passwords.schemes import default_context

_UNREADABLE: Final = (
    Argon2Error,
    ArithmeticError,
    AssertionError,
    LookupError,
    TypeError,
    ValueError,
)
"""What the schemes raise over a malformed hash, or a password they cannot take.

Not ``MemoryError``, ``OSError`` or ``RuntimeError``: these speak of the machine.
"""

_UNHASHABLE: Final = (PasswordValueError, UnicodeEncodeError)
"""What the schemes raise over a password they cannot take."""

_NOBODYS: Final = "nobody's password"
"""Any scheme takes it, so that work on the stand-in never ends early."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of one password check.

    Args:
        valid: The password is the right one.
        new_hash: To be stored instead of the old hash, which is of an older
            scheme, of other parameters, or of the password before
            normalisation. ``None``: the stored one stays.
    """

    valid: bool
    new_hash: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class PasswordHasher:
    """Hash and check passwords in the threads of a pool, one job for each call.

    Args:
        context: The schemes; any passlib ``CryptContext`` will do.
        pool: The threads. Hashers may share one.
    """

    context: PasswordContext = field(default_factory=default_context)
    pool: HashingPool = field(default_factory=HashingPool)

    async def hash(self, password: str, *, field: str = "password") -> str:
        """Hash the normalised password with the default scheme.

        Args:
            field: Place of the password in the request body.

        Raises:
            InvalidInput: The scheme cannot take it, such as bcrypt 73 bytes.
            Busy: The pool is full.
        """
        try:
            return await self.pool.run(partial(self._hash, password))
        except PasswordSizeError as error:
            message = f"Use a shorter password: {error.max_size} bytes in UTF-8 at most."
            raise InvalidInput.at("body", field, type="password_too_long", msg=message) from None
        except _UNHASHABLE:
            message = "Leave out control characters and halves of characters."
            raise InvalidInput.at("body", field, type="password_unusable", msg=message) from None

    async def verify(
        self, password: str, stored: str | None, *, shut: bool = False
    ) -> Verification:
        """Check a password, with the same work whether there is an account or not.

        A hash made elsewhere may be of the password as typed: both forms are
        tried if they differ, also where there is nothing to try them on.

        Args:
            stored: ``None`` for an unknown account, or one without a password.
            shut: Work as for a wrong password, whichever is sent.

        Raises:
            Busy: The pool is full.
        """
        return await self.pool.run(partial(self._verify, password, stored, shut))

    def _hash(self, password: str) -> str:
        return self.context.hash(normalized(password))

    def _verify(self, password: str, stored: str | None, shut: bool) -> Verification:
        # made before anything else: whoever comes first pays for it, account or not
        stand_in = self._stand_in
        for form in _forms(password):
            if stored is None:
                self.context.verify(_NOBODYS, stand_in)
            elif self._matches(form, stored, stand_in) and not shut:
                return Verification(valid=True, new_hash=self._replacement(form, stored))
        return Verification(valid=False)

    def _matches(self, form: str, stored: str, stand_in: str) -> bool:
        """Compare; where the hash or the password is of no use, work all the same."""
        try:
            if self.context.is_enabled(stored):
                return self.context.verify(form, stored)
        except _UNREADABLE:
            # as wrong as any other password: the answer must not tell them apart
            pass
        self.context.verify(_NOBODYS, stand_in)
        return False

    def _replacement(self, form: str, stored: str) -> str | None:
        """Return the hash to store instead, if one is due and can be made."""
        try:
            normal = normalized(form)
            if form == normal and not self.context.needs_update(stored):
                return None
            return self.context.hash(normal)
        except _UNHASHABLE:
            return None

    @cached_property
    def _stand_in(self) -> str:
        """A hash of the default scheme, to work on where there is none.

        Two threads may both make it at first; either will do.
        """
        return self.context.hash(_NOBODYS)


def _forms(password: str) -> tuple[str, ...]:
    """Return the normalised form, and the typed one if it differs.

    What is too long to be normalised is tried as typed: the kit has no hash of
    such a password, but another store may have made one.
    """
    try:
        return tuple(dict.fromkeys((normalized(password), password)))
    except PasswordSizeError:
        return (password,)
