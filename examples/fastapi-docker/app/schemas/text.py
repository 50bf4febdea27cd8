"""Which text every database takes."""

import re

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def _check(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise PydanticCustomError("text_invalid", "Send text, without NUL or unpaired surrogates.")
    return text


STORABLE = AfterValidator(_check)
"""``Annotated[str, ..., STORABLE]``: PostgreSQL has no NUL, and half a character is none.

It comes last. A constraint after it would not reach pydantic's own ``str``.
"""
