"""What an import did, or would do. It holds no hash, and of addresses the superusers' alone."""

from dataclasses import dataclass, field
from typing import Any, Final

MOST_LINES: Final = 10
"""Lines that are named of each kind."""

MOST_SUPERUSERS: Final = 1000


@dataclass
class Tally:
    """How often something was met, and where first."""

    count: int = 0
    lines: list[str] = field(default_factory=list[str])

    def add(self, line: str) -> None:
        self.count += 1
        if len(self.lines) < MOST_LINES:
            self.lines.append(line)


@dataclass
class Report:
    """The outcome of an import.

    Args:
        dry_run: Nothing was written.
    """

    dry_run: bool
    read: int = 0
    """Rows of the source."""
    imported: int = 0
    """Accounts that were made; in a dry run, that would be."""
    already_there: int = 0
    """Addresses that have an account; they are left as they are."""
    left_out: dict[str, Tally] = field(default_factory=dict[str, Tally])
    """Rows that no account was made of, by reason."""
    noted: dict[str, Tally] = field(default_factory=dict[str, Tally])
    """What was remarkable in rows that are not left out for it."""
    superusers: list[str] = field(default_factory=list[str])
    """Addresses of accounts that come as superusers."""
    unknown_columns: list[str] = field(default_factory=list[str])
    """Columns of the source that mean nothing here."""

    def leave_out(self, reason: str, line: int, *, also: str = "") -> None:
        """Note that a row is left out."""
        self.left_out.setdefault(reason, Tally()).add(f"{line}{also}")

    def note(self, what: str, line: int) -> None:
        """Note something about a row."""
        self.noted.setdefault(what, Tally()).add(str(line))

    def name_superuser(self, address: str) -> None:
        """Name an account that comes as a superuser."""
        if len(self.superusers) < MOST_SUPERUSERS:
            self.superusers.append(address)

    @property
    def is_complete(self) -> bool:
        """Whether each row has an account now."""
        return not self.left_out

    def as_json(self) -> dict[str, Any]:
        """Return the report for scripts."""
        return {
            "dry_run": self.dry_run,
            "read": self.read,
            "imported": self.imported,
            "already_there": self.already_there,
            "left_out": _plain(self.left_out),
            "noted": _plain(self.noted),
            "superusers": self.superusers,
            "unknown_columns": self.unknown_columns,
        }


def _plain(tallies: dict[str, Tally]) -> dict[str, Any]:
    return {name: {"count": tally.count, "lines": tally.lines} for name, tally in tallies.items()}
