"""User ids of any key type, between the database, tokens and paths."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Integer, SmallInteger, TypeDecorator
from sqlalchemy.types import TypeEngine

from fastauth_kit.core.errors import ConfigurationError

_DIGITS = re.compile(r"0|[1-9][0-9]{0,18}")
_MAX_TEXT_KEY = 255


@dataclass(frozen=True, slots=True)
class KeyFormat:
    """How the keys of one column are written as text, strictly both ways.

    Args:
        kind: Python type of a key.
        largest: Largest number the column takes; for whole numbers.
        longest: Most characters the column takes; for text.
    """

    kind: type[Any]
    largest: int = 0
    longest: int = 0

    def write(self, key: Any) -> str:
        """Return a key as text, for a token or a cursor."""
        return str(key)

    def read(self, text: str) -> Any:
        """Return the key that ``text`` names.

        Raises:
            ValueError: No row of this column can have such a key.
        """
        if self.kind is int:
            return self._read_number(text)
        if self.kind is UUID:
            key = UUID(text)
            if text.lower() not in (str(key), key.hex):
                raise ValueError("not a UUID")
            return key
        if not 0 < len(text) <= self.longest or not text.isprintable():
            raise ValueError("not a key")
        return text

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON schema of a key."""
        if self.kind is int:
            return {"type": "integer", "minimum": 0, "maximum": self.largest}
        if self.kind is UUID:
            return {"type": "string", "format": "uuid"}
        return {"type": "string", "minLength": 1, "maxLength": self.longest}

    def _read_number(self, text: str) -> int:
        # int() alone would take " 1 ", "1_0" and digits of other scripts
        if not _DIGITS.fullmatch(text) or int(text) > self.largest:
            raise ValueError("not a number of this column")
        return int(text)


def key_format(column: Column[Any]) -> KeyFormat:
    """Return how the keys of a primary-key column are written.

    A ``TypeDecorator`` counts as the type that it decorates, unless it has a
    ``python_type`` of its own.

    Raises:
        ConfigurationError: Keys of this type cannot be written into a token.
    """
    column_type = column.type
    while _python_type(column_type) is object and isinstance(column_type, TypeDecorator):
        column_type = column_type.impl_instance
    kind = _python_type(column_type)
    if kind is int:
        return KeyFormat(int, largest=_largest(column_type))
    if kind is UUID:
        return KeyFormat(UUID)
    if kind is str:
        return KeyFormat(str, longest=getattr(column_type, "length", None) or _MAX_TEXT_KEY)
    raise ConfigurationError(f"user ids must be int, UUID or str, not {kind.__name__} ({column})")


def _python_type(column_type: TypeEngine[Any]) -> type[Any]:
    try:
        return column_type.python_type
    except NotImplementedError:  # SQLAlchemy 2.0, where 2.1 says object
        return object


def _largest(column_type: TypeEngine[Any]) -> int:
    if isinstance(column_type, BigInteger):
        return 2**63 - 1
    if isinstance(column_type, SmallInteger):
        return 2**15 - 1
    return 2**31 - 1 if isinstance(column_type, Integer) else 2**63 - 1
