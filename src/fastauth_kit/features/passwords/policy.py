"""Which passwords may be chosen."""

import gzip
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Protocol
from unicodedata import normalize

from fastauth_kit.core.errors import ConfigurationError, InvalidInput
from fastauth_kit.features.passwords.passlib_interface import PasswordSizeError

LONGEST_INPUT: Final = 1024
"""Code points normalised at most.

Normalising runs with the interpreter locked, in a time that grows with the square
of the combining marks: the worst text of this length takes 5 ms (CPython 3.11).
"""

_LONGEST_FACT: Final = 320
"""Code points read of an address or a name; an address column takes no more."""


class PasswordRules(Protocol):
    """What decides on a new password; ``PasswordPolicy`` unless replaced."""

    def check(self, password: str, *, field: str, email: str, name: str | None) -> None:
        """Raise ``InvalidInput`` at ``field`` of the body if it must not be used."""
        ...


@dataclass(frozen=True, kw_only=True)
class PasswordPolicy:
    """Length and a blocklist; no rules of composition (SP 800-63B-4, 3.1.1.2).

    Lengths count code points after normalisation. As typed, a password may have
    four times ``max_length``, and never more than 1024.

    Args:
        min_length: At least 8 (OWASP ASVS 6.2.1). SP 800-63B-4, section
            3.1.1.2, wants 15 where the password is the only factor.
        max_length: From 64 (ASVS 6.2.9) to 1024.
        common: Passwords to refuse, each in the form of ``folded``; ``None``:
            the list that comes with the kit (ASVS 6.2.4).

    Raises:
        ConfigurationError: A length is outside these bounds.
    """

    min_length: int = 8
    max_length: int = 256
    common: Container[str] | None = None

    def __post_init__(self) -> None:
        if self.min_length < 8:
            raise ConfigurationError("PasswordPolicy needs min_length of 8 or more (ASVS 6.2.1).")
        if not 64 <= self.max_length <= LONGEST_INPUT:
            raise ConfigurationError(
                f"PasswordPolicy needs max_length from 64 (ASVS 6.2.9) to {LONGEST_INPUT}."
            )
        if self.min_length > self.max_length:
            raise ConfigurationError("PasswordPolicy needs min_length <= max_length.")

    def check(self, password: str, *, field: str, email: str, name: str | None) -> None:
        """Refuse a password that is too short, too long, common or personal.

        Args:
            field: Place of the password in the request body.
            email: Address of the account, known or about to be.
            name: What the person is called, if known.

        Raises:
            InvalidInput: With what to do about it, never with the password.
        """
        fault = self._fault(password, email=email, name=name)
        if fault is not None:
            kind, message = fault
            raise InvalidInput.at("body", field, type=kind, msg=message)

    def _fault(self, password: str, *, email: str, name: str | None) -> tuple[str, str] | None:
        """Return what is wrong, as type and sentence."""
        too_long = "password_too_long", f"Use at most {self.max_length} characters."
        # no more than four code points become one, such as those of U+1F82
        if len(password) > min(4 * self.max_length, LONGEST_INPUT):
            return too_long
        normal = normalized(password)
        if len(normal) < self.min_length:
            return "password_too_short", f"Use at least {self.min_length} characters."
        if len(normal) > self.max_length:
            return too_long
        form = _fold(normal)
        if form in (common_passwords() if self.common is None else self.common):
            return "password_too_common", "Choose a password that attackers do not try first."
        if _is_personal(form, email=email, name=name or ""):
            return "password_personal", "Choose a password other than your email address or name."
        return None


def normalized(password: str) -> str:
    """Return the form in which passwords are counted and hashed.

    NFKC, so that one password typed on two keyboards is one password
    (SP 800-63B-4, section 3.1.1.2).

    Raises:
        PasswordSizeError: More than ``LONGEST_INPUT`` code points.
    """
    if len(password) > LONGEST_INPUT:
        raise PasswordSizeError(LONGEST_INPUT)
    return normalize("NFKC", password)


def folded(text: str) -> str:
    """Return the form in which texts are compared regardless of case.

    Raises:
        PasswordSizeError: More than ``LONGEST_INPUT`` code points.
    """
    return _fold(normalized(text))


def _fold(normal: str) -> str:
    """Fold, and normalise again, which folding can undo (Unicode, D146)."""
    return normalize("NFKC", normal.casefold())


@cache
def common_passwords() -> frozenset[str]:
    """Return the list in ``data/``: folded, of 8 code points or more."""
    file = files("fastauth_kit.features.passwords") / "data" / "common_passwords.txt.gz"
    return frozenset(gzip.decompress(file.read_bytes()).decode("utf-8").split())


def _is_personal(form: str, *, email: str, name: str) -> bool:
    """Tell whether a folded password is of what anyone knows (ASVS 6.2.11)."""
    address = folded(email[:_LONGEST_FACT])
    known = (address.partition("@")[0], folded(name[:_LONGEST_FACT]).strip())
    return form in known or (address != "" and address in form)
