"""CSV with a first line of names (RFC 4180)."""

import csv
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import IO, Final

from fastauth_kit.surfaces.importing.record import MAX_COLUMNS, Record, SourceRefused

MAX_LINE: Final = 1 << 24
"""Characters of one line, or cell. Without a limit an open quote fills the memory."""

MAX_VALUE: Final = 1 << 17
"""Characters of a cell whose row is taken."""


@dataclass(frozen=True)
class CsvSource:
    """Rows of a CSV file.

    Args:
        file: As it is, in bytes.
        encoding: ``utf-8-sig`` is UTF-8 with or without a byte-order mark.
    """

    file: IO[bytes]
    encoding: str = "utf-8-sig"
    delimiter: str = ","

    async def records(self) -> AsyncIterator[Record]:
        """Yield the rows; one that is damaged does not end them, unless its end is unknown.

        Raises:
            SourceRefused: It is not known where a damaged row ends. What somebody wrote into a
                cell might else be read as a row.
        """
        for record in self._records():
            yield record

    def _records(self) -> Iterator[Record]:
        # bytes that are no text become halves of characters, which are refused by row
        text = TextIOWrapper(
            self.file, encoding=self.encoding, errors="surrogateescape", newline=""
        )
        # of the whole process; the reader forgets within a quote that it is in one
        csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE))
        try:
            rows = csv.reader(_BoundedLines(text), delimiter=self.delimiter, strict=True)
            names = _names(rows)
            while True:
                before = rows.line_num
                try:
                    cells = next(rows)
                except StopIteration:
                    return
                except csv.Error as error:
                    if rows.line_num > before + 1 and not _is_at_the_end(error):
                        raise SourceRefused(
                            f"a quote is wrong in or after line {before + 1}: "
                            "nothing from there on was read"
                        ) from None
                    # a quote that was left open swallows lines: each of them is lost
                    for line in range(before + 1, rows.line_num + 1):
                        yield Record(line, fault="damaged")
                    continue
                if cells:
                    yield _record(before + 1, names, cells)
        except UnicodeError:
            raise SourceRefused(f"the source is not {self.encoding} text") from None
        finally:
            text.detach()


def _is_at_the_end(error: csv.Error) -> bool:
    return "unexpected end of data" in str(error)


class _BoundedLines:
    """Lines of a text, none of which is endless."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self._number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) == MAX_LINE and not line.endswith("\n"):
            raise SourceRefused(f"line {self._number} is longer than {MAX_LINE} characters")
        return line


def _names(rows: Iterator[list[str]]) -> list[str]:
    try:
        names = [name.strip() for name in next(rows)]
    except StopIteration:
        raise SourceRefused("the source is empty; its first line must name the columns") from None
    except csv.Error:
        raise SourceRefused("the first line, which must name the columns, is damaged") from None
    if len(names) > MAX_COLUMNS:
        raise SourceRefused(f"the first line names more than {MAX_COLUMNS} columns")
    if len(set(names)) != len(names):
        raise SourceRefused("the first line names a column twice")
    return names


def _record(line: int, names: list[str], cells: list[str]) -> Record:
    if len(cells) != len(names):
        return Record(line, fault="cells")
    if any(len(cell) > MAX_VALUE for cell in cells):
        return Record(line, fault="damaged")
    pairs = zip(names, cells, strict=True)
    return Record(line, {name: cell for name, cell in pairs if cell != ""})
