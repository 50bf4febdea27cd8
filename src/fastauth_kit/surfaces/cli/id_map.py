"""A CSV file that says what each account was called in the source, and is called here."""

import csv
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


class IdMapFile:
    """Writes ``source_id,id``, a line for each account."""

    def __init__(self, file: IO[str]) -> None:
        self._rows = csv.writer(file)
        self._rows.writerow(["source_id", "id"])

    def add(self, source_id: Any, key: Any) -> None:
        """Write one account."""
        self._rows.writerow([str(source_id), str(key)])


@contextmanager
def id_map_file(path: Path | None) -> Generator[IdMapFile | None]:
    """Open the file, if one is wanted; another run writes it anew, as whole as before."""
    if path is None:
        yield None
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield IdMapFile(file)
