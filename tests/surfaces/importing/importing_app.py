"""An app that people move to, and sources that they come from."""

import io
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial
from typing import Any

import bcrypt
from sqlalchemy import select

from fastauth_kit.surfaces.importing import (
    CsvSource,
    ImportOptions,
    JsonLinesSource,
    Record,
    Report,
    import_users,
)
from tests.kit_app import KitApp

PASSWORD = "correct horse battery"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()


def csv_source(text: str | bytes, **options: Any) -> CsvSource:
    return CsvSource(io.BytesIO(text.encode() if isinstance(text, str) else text), **options)


def json_source(*rows: Any) -> JsonLinesSource:
    return JsonLinesSource(io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows)))


class Rows:
    """A source of rows that are there already."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rows = rows

    async def records(self) -> AsyncIterator[Record]:
        for line, row in enumerate(self._rows, 1):
            yield Record(line, row)


async def imported(kit_app: KitApp, source: Any, *, id_map: Any = None, **options: Any) -> Report:
    """Import as a script would."""
    run = partial(kit_app.auth.run, kit_app.make_session)
    return await import_users(kit_app.auth, run, source, ImportOptions(**options), id_map=id_map)


async def users(kit_app: KitApp) -> dict[str, Any]:
    """Return all accounts by address."""
    async with kit_app.sessions() as session:
        found = (await session.scalars(select(kit_app.user_model))).all()
    return {user.email: user for user in found}


def counts(report: Report) -> dict[str, int]:
    """Return how many rows were left out, by reason."""
    return {reason: tally.count for reason, tally in report.left_out.items()}
