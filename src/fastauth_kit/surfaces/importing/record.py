"""What a source gives: one row, or the reason why there is none."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastauth_kit.core.errors import ConfigurationError

MAX_COLUMNS = 1000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_. -]{0,39}")


class SourceRefused(ConfigurationError):
    """The source as a whole cannot be read. The sentence repeats nothing of its rows."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a source.

    Args:
        line: Where it begins, counted from 1; in a table, its number.
        values: By the source's names; what is empty is left out.
        fault: Why the row cannot be read, or ``None``.
    """

    line: int
    values: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    fault: str | None = None


class Source(Protocol):
    """Where rows come from, one after the other."""

    def records(self) -> AsyncIterator[Record]:
        """Yield the rows.

        Raises:
            SourceRefused: It cannot be read at all.
        """
        ...


def shown_name(name: str) -> str:
    """Return a source's name for a column as a report may repeat it.

    A file without a first line of names has a row of data in its place.
    """
    return name if _NAME.fullmatch(name) else "..."
