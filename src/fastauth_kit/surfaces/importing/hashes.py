"""Which password hashes are taken, before anybody signs in with one.

A hash is not tried here: that takes a fifth of a second each. Its form is
looked at, and what it would cost. A single bcrypt hash of cost 31 keeps a core
busy for two days at the first login, an argon2 hash of 4 GiB takes the memory.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from fastauth_kit.core.text import is_acceptable
from fastauth_kit.features.passwords.passlib_interface import PasswordContext

MAX_MEMORY: Final = 512 * 2**20
"""Bytes that checking one hash may take."""

_MAX_WORK: Final = 2**31
"""Bytes of memory that argon2 and scrypt may fill, over all passes: some seconds."""

_MAX_BCRYPT: Final = 16
_MAX_PHPASS: Final = 20
_MAX_PBKDF2: Final = 10_000_000
_MAX_PBKDF2_SHA512: Final = 3_000_000
_MAX_LANES: Final = 64
_MAX_THREADS: Final = 1024
"""Of argon2, which starts one for each lane of each pass."""

_B64: Final = r"[A-Za-z0-9+/.]+={0,2}"
_CRYPT_64: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _argon2_fits(memory: str, passes: str, lanes: str) -> bool:
    filled, threads = int(memory) * 1024, int(passes) * int(lanes)
    bearable = int(lanes) <= _MAX_LANES and threads <= _MAX_THREADS
    return bearable and filled <= MAX_MEMORY and filled * int(passes) <= _MAX_WORK


def _bcrypt_fits(cost: str) -> bool:
    return int(cost) <= _MAX_BCRYPT


def _pbkdf2_fits(rounds: str) -> bool:
    return int(rounds) <= _MAX_PBKDF2


def _pbkdf2_sha512_fits(rounds: str) -> bool:
    return int(rounds) <= _MAX_PBKDF2_SHA512


def _phpass_fits(cost: str) -> bool:
    return _CRYPT_64.index(cost) <= _MAX_PHPASS


def _scrypt_fits(cost: str, block: str, lanes: str = "1") -> bool:
    filled, per_lane = 128 * int(cost) * int(block), 128 * int(block)
    bearable = int(lanes) <= _MAX_LANES and filled * int(lanes) <= _MAX_WORK
    return bearable and filled + per_lane * int(lanes) <= MAX_MEMORY


def _scrypt_power_fits(power: str, block: str, lanes: str = "1") -> bool:
    return int(power) < 64 and _scrypt_fits(str(1 << int(power)), block, lanes)


_FORMS: Final[Mapping[str, Callable[..., bool]]] = {
    rf"(?:argon2)?\$argon2(?:id|i|d)(?:\$v=\d+)?\$m=(\d+),t=(\d+),p=(\d+)\${_B64}\${_B64}": (
        _argon2_fits
    ),
    r"(?:bcrypt\$|bcrypt_sha256\$|\$wp)?\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}": _bcrypt_fits,
    rf"pbkdf2_sha(?:256|1)\$(\d+)\$[^$]+\${_B64}": _pbkdf2_fits,
    rf"\$pbkdf2-sha256\$(\d+)\${_B64}\${_B64}": _pbkdf2_fits,
    rf"\$pbkdf2-sha512\$(\d+)\${_B64}\${_B64}": _pbkdf2_sha512_fits,
    rf"\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\${_B64}\${_B64}": _scrypt_power_fits,
    rf"\$firebase-scrypt\$ln=(\d+),r=(\d+)\${_B64}\${_B64}": _scrypt_power_fits,
    rf"scrypt\$(\d+)\$[^$]+\$(\d+)\$(\d+)\${_B64}": _scrypt_fits,
    r"\$[PH]\$([./A-Za-z0-9])[./A-Za-z0-9]{30}": _phpass_fits,
}
"""Whole hashes of the formats that the kit knows, and whether their cost is bearable."""

_COMPILED: Final[list[tuple[re.Pattern[str], Callable[..., bool]]]] = [
    (re.compile(form, re.ASCII), fits) for form, fits in _FORMS.items()
]

_PREFIXES: Final = re.compile(
    r"(argon2)?\$argon2|(bcrypt\$|bcrypt_sha256\$|\$wp)?\$2[aby]\$|pbkdf2_sha(256|1)\$"
    # scrypt's other form is verified, and has none here: it is refused
    r"|\$pbkdf2-sha(256|512)\$|(\$firebase-|\$)?scrypt\$|\$7\$|\$[PH]\$"
)

_MOST_DIGITS: Final = re.compile(r"\d{13}")
"""No parameter has as many; ``int`` takes long over very long ones."""


class HashUnreadable(ValueError):
    """Nobody could sign in with it."""


class HashTooCostly(ValueError):
    """Checking it would take a machine down."""


def check_hash(stored: str, context: PasswordContext, *, longest: int | None) -> None:
    """Check that a hash can be stored and be verified at a bearable cost.

    Formats that only the caller's context knows are taken as they are.

    Args:
        context: That of the caller's ``Passwords``.
        longest: Width of the column.

    Raises:
        HashUnreadable: It is of no scheme, malformed, or too long.
        HashTooCostly: Its parameters ask for too much.
    """
    if (longest is not None and len(stored) > longest) or not is_acceptable(stored):
        raise HashUnreadable
    try:
        context.is_enabled(stored)
    except (ValueError, TypeError):
        raise HashUnreadable from None
    if _PREFIXES.match(stored):
        _check_parameters(stored)


def _check_parameters(stored: str) -> None:
    for form, fits in _COMPILED:
        found = form.fullmatch(stored)
        if found is not None:
            parameters = found.groups()
            if any(_MOST_DIGITS.match(each) for each in parameters) or not fits(*parameters):
                raise HashTooCostly
            return
    raise HashUnreadable
