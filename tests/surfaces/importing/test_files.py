"""Files are read row by row; what is damaged in one row does not end the others."""

import csv
import io
import json
from typing import Any

import pytest

from fastauth_kit.surfaces.importing import (
    CsvSource,
    JsonDocumentSource,
    JsonLinesSource,
    Record,
    SourceRefused,
)
from fastauth_kit.surfaces.importing.csv_source import MAX_LINE


async def read(source: Any) -> list[Record]:
    return [record async for record in source.records()]


async def csv_rows(content: bytes, **options: Any) -> list[tuple[int, dict[str, Any] | str]]:
    return shown(await read(CsvSource(io.BytesIO(content), **options)))


async def json_rows(content: bytes) -> list[tuple[int, dict[str, Any] | str]]:
    return shown(await read(JsonLinesSource(io.BytesIO(content))))


def shown(records: list[Record]) -> list[tuple[int, dict[str, Any] | str]]:
    return [(each.line, each.fault or dict(each.values)) for each in records]


class TestCsv:
    @pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
    async def test_reads_any_end_of_line_and_a_byte_order_mark(
        self, before: bytes, end: bytes
    ) -> None:
        content = before + end.join([b"email, name", b"a@x.org,Ada", b"", b"b@x.org,"])

        assert await csv_rows(content) == [
            (2, {"email": "a@x.org", "name": "Ada"}),
            (4, {"email": "b@x.org"}),
        ]

    async def test_reads_quotes_and_line_ends_in_a_cell(self) -> None:
        content = b'email,name\na@x.org,"Ada, ""the\nfirst"""\nb@x.org,B\n'

        assert await csv_rows(content) == [
            (2, {"email": "a@x.org", "name": 'Ada, "the\nfirst"'}),
            (4, {"email": "b@x.org", "name": "B"}),
        ]

    async def test_reads_other_encodings_and_delimiters(self) -> None:
        content = "email;name\na@x.org;José\n".encode("latin-1")

        assert await csv_rows(content, encoding="latin-1", delimiter=";") == [
            (2, {"email": "a@x.org", "name": "José"})
        ]

    async def test_bytes_that_are_no_text_damage_their_cell_alone(self) -> None:
        content = "email,name\na@x.org,José\nb@x.org,B\n".encode("latin-1")

        assert await csv_rows(content) == [
            (2, {"email": "a@x.org", "name": "Jos\udce9"}),
            (3, {"email": "b@x.org", "name": "B"}),
        ]

    @pytest.mark.parametrize("cells", [b"a@x.org", b"a@x.org,A,more"])
    async def test_a_row_of_another_width_is_damaged(self, cells: bytes) -> None:
        rows = await csv_rows(b"email,name\n" + cells + b"\nb@x.org,B\n")

        assert rows == [(2, "cells"), (3, {"email": "b@x.org", "name": "B"})]

    @pytest.mark.parametrize("size", [MAX_LINE, 3 * MAX_LINE + 7])
    async def test_an_endless_line_is_refused(self, size: int) -> None:
        content = b'email,name\na@x.org,"A\n' + b"x" * size + b'\n"\nb@x.org,B\n'

        with pytest.raises(SourceRefused, match="line 3 is longer"):
            await csv_rows(content)

    async def test_what_stands_in_a_long_cell_is_never_a_row(self) -> None:
        """Whoever could write much of themselves in the former app would be an administrator."""
        file = io.StringIO()
        about = "A" * 140_000 + "\nevil@x.org,true\n"
        csv.writer(file).writerows([["email", "about"], ["a@x.org", about], ["b@x.org", "B"]])

        assert await csv_rows(file.getvalue().encode()) == [
            (2, "damaged"),
            (5, {"email": "b@x.org", "about": "B"}),
        ]

    async def test_nothing_is_read_behind_a_wrong_quote_whose_end_is_unknown(self) -> None:
        content = b'email,about\na@x.org,"A\nevil@x.org,true\n"x\nb@x.org,B\n'

        with pytest.raises(SourceRefused, match="a quote is wrong in or after line 2"):
            await csv_rows(content)

    async def test_a_wrong_quote_in_one_line_damages_that_line(self) -> None:
        rows = await csv_rows(b'email,name\na@x.org,"A"x\nb@x.org,B\n')

        assert rows == [(2, "damaged"), (3, {"email": "b@x.org", "name": "B"})]

    @pytest.mark.parametrize("size", [200_000, MAX_LINE - 100])
    async def test_a_long_cell_is_damaged(self, size: int) -> None:
        content = b"email,name\na@x.org," + b"x" * size + b"\nb@x.org,B\n"

        assert await csv_rows(content) == [
            (2, "damaged"),
            (3, {"email": "b@x.org", "name": "B"}),
        ]

    async def test_each_line_that_an_open_quote_swallows_is_lost(self) -> None:
        rows = await csv_rows(b'email,name\na@x.org,"A\nb@x.org,B\nc@x.org,C\n')

        assert rows == [(2, "damaged"), (3, "damaged"), (4, "damaged")]

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "empty"),
            (b"email,name,email\n", "twice"),
            (b",".join(b"c%d" % n for n in range(100_000)) + b"\n", "more than 1000 columns"),
            (b'"email,name\n', "damaged"),
        ],
    )
    async def test_a_first_line_that_names_no_columns_is_refused(
        self, content: bytes, sentence: str
    ) -> None:
        with pytest.raises(SourceRefused, match=sentence):
            await csv_rows(content)

    async def test_text_of_another_width_of_characters_is_refused(self) -> None:
        with pytest.raises(SourceRefused, match="not utf-16 text"):
            await csv_rows(b"email,name\n", encoding="utf-16")

    async def test_leaves_the_file_open_to_whoever_opened_it(self) -> None:
        file = io.BytesIO(b"email\n")

        await read(CsvSource(file))

        assert not file.closed


class TestJsonLines:
    async def test_reads_objects_and_passes_over_empty_lines(self) -> None:
        content = b'\xef\xbb\xbf{"email": "a@x.org", "name": null}\r\n\n{"email": "b@x.org"}'

        assert await json_rows(content) == [(1, {"email": "a@x.org"}), (3, {"email": "b@x.org"})]

    @pytest.mark.parametrize(
        "line",
        [
            b"[]",
            b'"text"',
            b"{",
            b'{"email": NaN}',
            b'{"email": 1e999}',
            b'{"email": "a", "email": "b"}',
            b'{"email": ' + b"9" * 5000 + b"}",
            b'{"email": "\xff"}',
            b'{"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            json.dumps({f"c{n}": n for n in range(1001)}).encode(),
            b'{"email": "' + b"x" * (3 << 20) + b'"}',
        ],
        ids=range(11),
    )
    async def test_a_damaged_line_is_left_out_alone(self, line: bytes) -> None:
        rows = await json_rows(line + b'\n{"email": "b@x.org"}\n')

        assert rows == [(1, "damaged"), (2, {"email": "b@x.org"})]

    async def test_nothing_at_all_is_refused(self) -> None:
        with pytest.raises(SourceRefused, match="empty"):
            await json_rows(b"")


class TestJsonDocument:
    @pytest.mark.parametrize(
        ("before", "after"), [(b"[", b"]"), (b'{"users": [\n', b'\n], "n": 2}')]
    )
    async def test_reads_the_first_list_one_object_at_a_time(
        self, before: bytes, after: bytes
    ) -> None:
        objects = [{"email": f"user{n}@x.org", "name": "é" * 900} for n in range(300)]
        content = before + b",\n".join(json.dumps(each).encode() for each in objects) + after

        records = await read(JsonDocumentSource(io.BytesIO(content)))

        assert [record.values for record in records] == objects

    async def test_a_damaged_object_is_left_out_alone(self) -> None:
        content = b'[{"email": NaN}, 7, {"email": "\xff"}, {"email": "b@x.org"}]'

        rows = shown(await read(JsonDocumentSource(io.BytesIO(content))))

        assert rows == [(1, "damaged"), (2, "damaged"), (3, "damaged"), (4, {"email": "b@x.org"})]

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"7",
            b'{"users": {}}',
            b'{"a": {"b": [',
            b'[{"email": "a@x.org"}',
            b"[" * 100_000,
            b'[{"email": "' + b"x" * (2 << 20),
        ],
        ids=range(7),
    )
    async def test_a_document_that_is_none_is_refused(self, content: bytes) -> None:
        with pytest.raises(SourceRefused, match="document"):
            await read(JsonDocumentSource(io.BytesIO(content)))
