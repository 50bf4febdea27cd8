"""Which addresses the source had before, at bounded memory."""

import sqlite3
from hashlib import sha256
from types import TracebackType
from typing import Self


class SeenAddresses:
    """Remembers addresses, and the line where each was first met.

    In a temporary database without a name, which SQLite keeps on disk where it
    grows, and which goes with it. It holds digests, no addresses.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA cache_size = -32768")  # KiB
        self._database.execute(
            "CREATE TABLE seen (digest BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID"
        )
        self._database.execute("BEGIN")

    def first_line(self, address: str, line: int) -> int:
        """Return where an address was first met, which is ``line`` if it is new."""
        digest = sha256(address.encode()).digest()[:16]
        added = self._database.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, line)
        ).rowcount
        if added:
            return line
        found: tuple[int] = self._database.execute(
            "SELECT line FROM seen WHERE digest = ?", (digest,)
        ).fetchone()
        return found[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()
