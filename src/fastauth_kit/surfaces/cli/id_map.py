"""A CSV file that says what each account was called in the source, and is called here."""

import csv
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Final

from fastauth_kit.core.errors import ConfigurationError

_HEAD: Final = ("source_id", "id")


class IdMapFile:
    """Writes ``source_id,id``, a line for each account."""

    def __init__(self, file: IO[str]) -> None:
        self._rows = csv.writer(file)
        self._rows.writerow(_HEAD)

    def add(self, source_id: Any, key: Any) -> None:
        """Write one account."""
        self._rows.writerow([str(source_id), str(key)])


@contextmanager
def id_map_file(path: Path | None) -> Generator[IdMapFile | None]:
    """Open the file, if one is wanted; another run writes it anew, as whole as before.

    It is there once the run is done; a run that is refused leaves the one before.

    Raises:
        ConfigurationError: The file that is there is something else.
    """
    if path is None:
        yield None
        return
    if not _may_be_replaced(path):
        raise ConfigurationError(f"{path} exists and is no map of ids; it would be overwritten")
    with NamedTemporaryFile(
        "w", dir=path.parent, encoding="utf-8", newline="", delete=False
    ) as file:
        made = Path(file.name)
        try:
            yield IdMapFile(file)
            file.flush()
            made.replace(path)
        except BaseException:
            made.unlink()
            raise


def _may_be_replaced(path: Path) -> bool:
    if not path.exists():
        return True
    with path.open("rb") as file:
        return file.readline(100).strip() == ",".join(_HEAD).encode()
