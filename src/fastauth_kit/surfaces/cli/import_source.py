"""Where the rows of ``import-users`` come from, by its options."""

import codecs
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from sqlalchemy import URL

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.surfaces.importing import (
    PRESETS,
    CsvSource,
    JsonDocumentSource,
    JsonLinesSource,
    Source,
    TableSource,
    source_url,
)

Format = Literal["csv", "jsonl", "json"]

_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """What was said of the source, and no more."""

    file: str | None
    format: Format | None
    encoding: str
    delimiter: str
    from_url: str | None
    table: str | None
    preset: str | None

    def __post_init__(self) -> None:
        if (self.file is None) == (self.from_url is None):
            raise ConfigurationError("name one source: a file, - for standard input, or --from-url")
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise ConfigurationError("--delimiter is one character")
        try:
            codecs.lookup(self.encoding)
        except (LookupError, ValueError):
            raise ConfigurationError("--encoding is none that Python knows") from None

    @property
    def url(self) -> URL | None:
        """Address of the database, if rows come from one."""
        return None if self.from_url is None else source_url(self.from_url)

    @property
    def named_table(self) -> str:
        """The table that rows come from.

        Raises:
            ConfigurationError: Neither was it named, nor does the preset say it.
        """
        known = PRESETS[self.preset].table if self.preset is not None else None
        named = self.table or known
        if named is None:
            raise ConfigurationError("name the table with --table")
        return named

    @contextmanager
    def opened(self) -> Generator[Source]:
        """Open the source, and close it afterwards."""
        url = self.url
        if url is not None:
            yield TableSource(url, self.named_table)
        elif self.file == "-":
            yield self._reading(sys.stdin.buffer, self.format or "jsonl")
        else:
            path = Path(str(self.file))
            with path.open("rb") as file:
                yield self._reading(file, self.format or _FORMATS.get(path.suffix.lower(), "csv"))

    def _reading(self, file: IO[bytes], format: Format) -> Source:
        match format:
            case "csv":
                return CsvSource(file, self.encoding, self.delimiter)
            case "jsonl":
                return JsonLinesSource(file)
            case "json":
                return JsonDocumentSource(file)
