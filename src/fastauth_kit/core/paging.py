"""Pages by cursor: where the page before ended, signed so that nobody makes one up."""

from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from fastauth_kit.core.errors import InvalidInput
from fastauth_kit.core.identifiers import KeyFormat
from fastauth_kit.core.signed import read_signed, sign
from fastauth_kit.core.work import Work

MAX_CURSOR = 2048

MAX_LIMIT = 100
"""Most rows of one page."""


def _only_digits(given: str | int) -> str | int:
    """Refuse what ``int()`` would also take: `` 1``, ``1_0``, digits of other scripts.

    A number is a default of ours: older versions of FastAPI validate those, too.
    """
    if isinstance(given, str) and not (given.isascii() and given.isdigit()):
        raise PydanticCustomError("int_parsing", "Use the digits 0 to 9.")
    return given


Number = Annotated[int, BeforeValidator(_only_digits)]
"""A whole number of a query, strictly."""


def write_cursor(work: Work, purpose: str, format: KeyFormat, key: Any) -> str:
    """Return the cursor after a row.

    Args:
        purpose: Of one list alone; a cursor of another one is refused.
        format: How keys of the list are written.
    """
    return sign(work.auth.keys, purpose, {"after": format.write(key)})


def read_cursor(work: Work, purpose: str, format: KeyFormat, cursor: str) -> Any:
    """Return the key after which a page begins.

    Raises:
        InvalidInput: The cursor was tampered with, or is one of another list.
    """
    claims = read_signed(work.auth.keys, purpose, cursor)
    if claims is None:
        raise InvalidInput.at(
            "query", "cursor", type="cursor_invalid", msg="Use a cursor as it was given."
        )
    return format.read(claims["after"])
