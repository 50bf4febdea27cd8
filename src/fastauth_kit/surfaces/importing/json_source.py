"""JSON: one object a line, or one document with a list of objects in it."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import IO, Any, Final, cast

from fastauth_kit.core.text import UnacceptableJson, parse_json
from fastauth_kit.surfaces.importing.record import MAX_COLUMNS, Record, SourceRefused

MAX_OBJECT: Final = 1 << 20
"""Bytes of one line, or characters of one object."""

_CHUNK: Final = 1 << 16
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BETWEEN: Final = " \t\r\n,"


@dataclass(frozen=True)
class JsonLinesSource:
    """One object a line, in UTF-8."""

    file: IO[bytes]

    async def records(self) -> AsyncIterator[Record]:
        """Yield the rows; a damaged one does not end them."""
        number = 0
        while line := self.file.readline(MAX_OBJECT + 1):
            number += 1
            if len(line) > MAX_OBJECT:
                self._skip_rest(line)
                yield Record(number, fault="damaged")
            elif stripped := line.removeprefix(_BYTE_ORDER_MARK if number == 1 else b"").strip():
                yield _record(number, stripped)
        if number == 0:
            raise SourceRefused("the source is empty")

    def _skip_rest(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self.file.readline(MAX_OBJECT)


@dataclass(frozen=True)
class JsonDocumentSource:
    """The objects of the first list in a document, such as ``{"users": [...]}``.

    They are read one at a time, however long the list is. Their numbers stand in
    for lines.
    """

    file: IO[bytes]

    async def records(self) -> AsyncIterator[Record]:
        """Yield the rows; a document that is damaged ends there."""
        text = TextIOWrapper(self.file, encoding="utf-8-sig", errors="surrogateescape")
        try:
            for number, found in enumerate(_objects(text), 1):
                yield _record(number, found.encode("utf-8", "surrogateescape"))
        finally:
            text.detach()


def _objects(text: TextIOWrapper) -> Iterator[str]:
    """Yield the text of each object in the first list."""
    before, bracket, waiting = text.read(_CHUNK).partition("[")
    if not bracket or before.strip().count("{") > 1:
        raise SourceRefused("the source is no JSON document with a list of objects")
    decoder = json.JSONDecoder()
    while True:
        waiting = waiting.lstrip(_BETWEEN)
        if waiting.startswith("]"):
            return
        try:
            end = decoder.raw_decode(waiting)[1]
        except (ValueError, RecursionError):
            more = text.read(_CHUNK)
            if not more or len(waiting) > MAX_OBJECT:
                raise SourceRefused("the JSON document is damaged, or ends too early") from None
            waiting += more
            continue
        yield waiting[:end]
        waiting = waiting[end:]


def _record(line: int, text: bytes) -> Record:
    try:
        value = parse_json(text)
    except UnacceptableJson:
        return Record(line, fault="damaged")
    if not isinstance(value, dict) or len(cast(dict[str, Any], value)) > MAX_COLUMNS:
        return Record(line, fault="damaged")
    named = cast(dict[str, Any], value)
    return Record(line, {name: item for name, item in named.items() if item is not None})
