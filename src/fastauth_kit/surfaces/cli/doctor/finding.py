"""What a check says."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """Something will fail, or is not safe."""
    WARNING = "warning"
    """It may be meant so; look at it."""
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact, and what to do about it.

    Args:
        subject: Such as a table, or an option.
        advice: Empty where nothing is to be done.
    """

    level: Level
    subject: str
    fact: str
    advice: str = ""


def error(subject: str, fact: str, advice: str) -> Finding:
    """Return a finding that fails a deployment."""
    return Finding(Level.ERROR, subject, fact, advice)


def warning(subject: str, fact: str, advice: str) -> Finding:
    """Return a finding that fails a deployment under ``--strict``."""
    return Finding(Level.WARNING, subject, fact, advice)


def ok(subject: str, fact: str) -> Finding:
    """Return that something was looked at and is fine."""
    return Finding(Level.OK, subject, fact)
