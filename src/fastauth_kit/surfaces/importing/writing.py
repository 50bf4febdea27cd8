"""Batches of accounts, each in one transaction, beside an app that runs."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import RowMapping, Table, func, select
from sqlalchemy import literal as value_of
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from fastauth_kit.core.errors import DataConflict, InvalidInput
from fastauth_kit.core.hooks import tell
from fastauth_kit.core.secrets import time_ordered_id
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import UserPromoted
from fastauth_kit.surfaces.importing.checking import Candidate
from fastauth_kit.surfaces.importing.events import UsersImported
from fastauth_kit.surfaces.importing.target import Target

ResultT = TypeVar("ResultT")


class Run(Protocol):
    """Runs an operation in a session and a transaction of its own, such as
    ``functools.partial(auth.run, async_session_maker)``.
    """

    def __call__(
        self, operation: Callable[[Work], Awaitable[ResultT]]
    ) -> Coroutine[Any, Any, ResultT]: ...


Existing = Mapping[str, Mapping[str, Any]]
"""Accounts by address: id, flags and the caller's columns."""


@dataclass
class Written:
    """What came of a batch.

    Args:
        made: Accounts that were made, as candidates.
        refused: Those that another rule of the table refuses: a taken id, a
            unique column of the caller's, a value that does not fit.
        keys: Ids by address, of those made and those that were there.
    """

    made: list[Candidate] = field(default_factory=list[Candidate])
    refused: list[Candidate] = field(default_factory=list[Candidate])
    keys: dict[str, Any] = field(default_factory=dict[str, Any])

    def add(self, other: "Written") -> None:
        self.made += other.made
        self.refused += other.refused
        self.keys.update(other.keys)


@dataclass(frozen=True)
class Writer:
    """Looks accounts up, and makes them."""

    run: Run
    target: Target
    keep_ids: bool = False

    async def existing(self, batch: Sequence[Candidate]) -> Existing:
        """Return the accounts that addresses of a batch have by now."""
        columns = [column.label(name) for name, column in self.target.columns.items()]
        address = self.target.columns["email"]
        statement = select(*columns).where(address.in_([each.email for each in batch]))

        async def look(work: Work) -> Existing:
            rows = (await work.execute(statement)).mappings().all()
            return {row["email"]: dict(row) for row in rows}

        return await self.run(look)

    async def write(self, batch: Sequence[Candidate]) -> Written:
        """Make the accounts of a batch in one transaction.

        What a value refuses is found by halves, so that the others get in.
        """
        if not batch:
            return Written()
        try:
            return await self.run(partial(self._insert, batch))
        except (DataConflict, InvalidInput):
            pass  # one of them, or several
        except StatementError as error:
            # a value that was refused before it was sent; all else is no row's fault
            if isinstance(error, DBAPIError):
                raise
        if len(batch) == 1:
            return Written(refused=list(batch))
        middle = len(batch) // 2
        written = await self.write(batch[:middle])
        written.add(await self.write(batch[middle:]))
        return written

    async def _insert(self, batch: Sequence[Candidate], work: Work) -> Written:
        table = self.target.table
        if self.keep_ids and work.dialect == "postgresql":
            await _advance_sequence(work, self.target, [each.key for each in batch])
        for rows in _alike([self._row(work, each) for each in batch]):
            await work.run(partial(_send, _insert_unless_there(work.dialect, table), rows))
        written = await self._outcome(work, batch)
        for each in written.made:
            if each.values.get("is_superuser"):
                await tell(work, UserPromoted(written.keys[each.email]))
        if written.made:
            await tell(work, UsersImported(len(written.made)))
        return written

    def _row(self, work: Work, candidate: Candidate) -> dict[str, Any]:
        given = {"created_at": work.now, "updated_at": work.now, **candidate.values}
        if candidate.key is not None:
            given["id"] = candidate.key
        elif self.target.key_format.kind is UUID and not self.target.key_fills_itself:
            given["id"] = time_ordered_id(work.now)
        return {self.target.columns[name].key: value for name, value in given.items()}

    async def _outcome(self, work: Work, batch: Sequence[Candidate]) -> Written:
        """Look who is there now. Somebody else may have taken an address meanwhile."""
        wanted = ("email", "id", "hashed_password", "is_superuser")
        columns = [self.target.columns[name].label(name) for name in wanted]
        addresses = [each.email for each in batch]
        statement = select(*columns).where(self.target.columns["email"].in_(addresses))
        rows = (await work.execute(statement)).mappings().all()
        found = {row["email"]: row for row in rows}
        written = Written(keys={email: row["id"] for email, row in found.items()})
        for each in batch:
            if each.email not in found:
                written.refused.append(each)
            elif _is_of(found[each.email], each):
                written.made.append(each)
        return written


def _is_of(row: RowMapping, candidate: Candidate) -> bool:
    """Whether a row was made of a candidate, and not by somebody who came first."""
    given = candidate.values
    wanted = {
        "hashed_password": given["hashed_password"],
        "is_superuser": given.get("is_superuser", False),
    }
    if candidate.key is not None:
        wanted["id"] = candidate.key
    return all(row[name] == value for name, value in wanted.items())


def _send(statement: Any, rows: list[dict[str, Any]], session: Session) -> None:
    session.execute(statement, rows)


def _alike(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Group rows by the columns that they give: one statement takes no others."""

    def names(row: dict[str, Any]) -> list[str]:
        return sorted(row)

    return [list(group) for _, group in groupby(sorted(rows, key=names), key=names)]


def _insert_unless_there(dialect: str, table: Table) -> Any:
    """Return an INSERT that passes over rows whose unique columns are taken."""
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    # not INSERT IGNORE, which would cut what is too long
    (key,) = table.primary_key.columns
    return mysql.insert(table).on_duplicate_key_update({key.name: key})


async def _advance_sequence(work: Work, target: Target, keys: Sequence[Any]) -> None:
    """Let PostgreSQL's sequence go on behind ids that are given.

    Before they are inserted: an account that the app makes meanwhile gets a later
    one. Does nothing to a key that no sequence fills.
    """
    if target.key_format.kind is not int:
        return
    quoted = work.engine.dialect.identifier_preparer.format_table(target.table)
    sequence = func.pg_get_serial_sequence(quoted, target.key.name)
    found = await work.scalar(select(sequence))
    if found is None:
        return
    last = func.coalesce(func.pg_sequence_last_value(_as_class(found)), 0)
    await work.run(
        lambda session: session.execute(
            select(func.setval(_as_class(found), max(keys))).where(last < max(keys))
        )
    )


def _as_class(name: str) -> Any:
    return value_of(name).cast(postgresql.REGCLASS)
