"""The one form in which e-mail addresses are stored and looked up."""

import re
import unicodedata
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import Field

MAX_ADDRESS_LENGTH = 254
"""RFC 5321, section 4.5.3.1.3, less the angle brackets."""

MAX_TYPED_LENGTH = 320
"""Width of the column. Normalising takes quadratic time: 64 KiB take seconds."""

TypedAddress = Annotated[
    str,
    Field(
        max_length=MAX_TYPED_LENGTH,
        pattern=".@.",
        description="However it is spelled: case does not matter.",
        json_schema_extra={"format": "email"},
    ),
]
"""An address in a body, by which an account is looked up; rows may hold what is refused today."""

_PLAIN = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
"""Valid or not, nothing but lower case would change in it."""


def canonical_email(text: str) -> str:
    """Return the canonical form of an address: NFC, lower case, IDNA domain.

    Two spellings of one mailbox become the same text, so that a plain unique
    index and a bytewise comparison are enough.

    Raises:
        ValueError: Not an address, or one with a display name.
    """
    if len(text) > MAX_TYPED_LENGTH:
        raise ValueError("Not a valid e-mail address.")
    typed = text.strip()
    try:
        parsed = validate_email(typed, check_deliverability=False)
        # lowering may change what is allowed where, and the length: check the outcome too
        lowered = _fold(f"{parsed.local_part}@{parsed.ascii_domain}")
        if lowered != typed:
            validate_email(lowered, check_deliverability=False)
    except (EmailNotValidError, UnicodeError):
        raise ValueError("Not a valid e-mail address.") from None
    return lowered


def lookup_form(text: str) -> str:
    """Return the form under which an address of any age would be stored.

    For looking up, never for storing: rows from before the kit may hold
    addresses that are refused today (``admin@localhost``).
    """
    if len(text) > MAX_TYPED_LENGTH:
        return ""  # no row holds a longer one; the empty text stands for nobody's
    if _PLAIN.fullmatch(text):
        return text.lower()  # most logins: the whole check costs more than a statement
    try:
        return canonical_email(text)
    except ValueError:
        return _fold(text.strip())


def _fold(text: str) -> str:
    """Lower-case and compose until nothing changes: each can undo the other."""
    folded = unicodedata.normalize("NFC", text.lower())
    return folded if folded == text else _fold(folded)
