"""From a row of the source to the values of an account, or the reason why not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from fastauth_kit.core.addresses import canonical_email
from fastauth_kit.surfaces.importing.hashes import HashTooCostly, HashUnreadable, check_hash
from fastauth_kit.surfaces.importing.mapping import INACTIVE, SALT, Mapper
from fastauth_kit.surfaces.importing.record import Record
from fastauth_kit.surfaces.importing.report import Report
from fastauth_kit.surfaces.importing.target import ColumnRefused, Target

FAULTS: Final[Mapping[str, str]] = {
    "damaged": "a row that cannot be read",
    "cells": "a row with more or fewer cells than the first line",
}
NO_ADDRESS: Final = "no address"
INVALID_ADDRESS: Final = "not a valid address"
UNREADABLE_HASH: Final = "a password hash that nobody can read"
COSTLY_HASH: Final = "a password hash that costs too much to check"
INVALID_ID: Final = "an id that does not fit the key"
INVALID_TIME: Final = "created_at is no moment between 1970 and tomorrow"

WITHOUT_PASSWORD: Final = "without a password"
HASH_DROPPED: Final = "a password hash that nobody can read: imported without a password"
NAIVE_TIME: Final = "created_at without a time zone: taken as UTC"

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)

_FLAG: Final = TypeAdapter(bool)
_MOMENT: Final = TypeAdapter(datetime)

ComposeHash = Callable[[str, str | None], str]
"""Makes a hash that the kit reads of what the source has: hash and salt."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account to be made.

    Args:
        source_id: What the source calls it, if anything.
        key: Its id, where ids are kept.
        values: By the names of the attributes, address and hash among them.
    """

    line: int
    email: str
    source_id: Any
    key: Any
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Checker:
    """Checks rows one by one, and reports those that will not do.

    Args:
        keep_ids: The source's ids are to be the keys.
        allow_unreadable: A hash that nobody can read is dropped, not its account.
        compose_hash: For sources whose hash is in more than one column.
    """

    target: Target
    mapper: Mapper
    report: Report
    now: datetime
    keep_ids: bool = False
    allow_unreadable: bool = False
    compose_hash: ComposeHash | None = None

    def check(self, record: Record) -> Candidate | None:
        """Return the account of a row, or ``None`` if it is left out."""
        if record.fault is not None:
            self.report.leave_out(FAULTS[record.fault], record.line)
            return None
        try:
            return self._candidate(record.line, self.mapper.ours(record.values))
        except _LeftOut as reason:
            self.report.leave_out(str(reason), record.line)
        except ColumnRefused as reason:
            self.report.leave_out(str(reason), record.line)
        return None

    def _candidate(self, line: int, given: dict[str, Any]) -> Candidate:
        email = _address(given)
        values = {
            "email": email,
            "hashed_password": self._hash(line, given),
            **_flags(given),
            **self.target.own_values(given),
        }
        if "created_at" in given:
            values["created_at"] = self._moment(line, given["created_at"])
        key = self._key(given) if self.keep_ids else None
        return Candidate(line, email, given.get("id"), key, values)

    def _hash(self, line: int, given: Mapping[str, Any]) -> str | None:
        stored = given.get("hashed_password")
        # Django writes "!" and what follows where there is no password
        if stored is None or (isinstance(stored, str) and stored.startswith("!")):
            self.report.note(WITHOUT_PASSWORD, line)
            return None
        try:
            return self._readable(stored, given.get(SALT))
        except HashTooCostly:
            raise _LeftOut(COSTLY_HASH) from None
        except HashUnreadable:
            if not self.allow_unreadable:
                raise _LeftOut(UNREADABLE_HASH) from None
        self.report.note(HASH_DROPPED, line)
        return None

    def _readable(self, stored: Any, salt: Any) -> str:
        if not isinstance(stored, str) or not isinstance(salt, str | None):
            raise HashUnreadable
        readable: str = stored
        if self.compose_hash is not None:
            try:
                readable = self.compose_hash(stored, salt)
            except ValueError:
                raise HashUnreadable from None
        check_hash(readable, self.target.context, longest=self.target.longest_hash)
        return readable

    def _moment(self, line: int, given: Any) -> datetime:
        try:
            moment = _MOMENT.validate_python(given)
            naive = moment.tzinfo is None
            utc = moment.replace(tzinfo=UTC) if naive else moment.astimezone(UTC)
        except (ValidationError, OverflowError):
            raise _LeftOut(INVALID_TIME) from None
        if not _EARLIEST <= utc <= self.now + _DAY:
            raise _LeftOut(INVALID_TIME)
        if naive:
            self.report.note(NAIVE_TIME, line)
        return utc

    def _key(self, given: Mapping[str, Any]) -> Any:
        try:
            key = self.target.key_format.read(str(given.get("id", "")))
        except ValueError:
            raise _LeftOut(INVALID_ID) from None
        if key == 0:  # MariaDB takes it for "the next one"
            raise _LeftOut(INVALID_ID)
        return key


class _LeftOut(Exception):
    """Why a row is left out."""


def _address(given: Mapping[str, Any]) -> str:
    address = given.get("email")
    if address is None:
        raise _LeftOut(NO_ADDRESS)
    try:
        if isinstance(address, str):
            return canonical_email(address)
    except ValueError:
        pass
    raise _LeftOut(INVALID_ADDRESS)


def _flags(given: Mapping[str, Any]) -> dict[str, bool]:
    found = {
        name: _flag(name, given[name])
        for name in ("is_active", "is_verified", "is_superuser")
        if name in given
    }
    if INACTIVE in given:
        found["is_active"] = not _flag(INACTIVE, given[INACTIVE])
    return found


def _flag(name: str, value: Any) -> bool:
    try:
        return _FLAG.validate_python(value)
    except ValidationError:
        raise ColumnRefused(name, "neither true nor false") from None
