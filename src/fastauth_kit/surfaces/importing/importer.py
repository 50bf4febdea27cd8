"""The import: read, check, look up, write, batch by batch."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.surfaces.importing.checking import Candidate, Checker, ComposeHash
from fastauth_kit.surfaces.importing.duplicates import SeenAddresses
from fastauth_kit.surfaces.importing.mapping import Mapper
from fastauth_kit.surfaces.importing.record import Record, Source, SourceRefused, shown_name
from fastauth_kit.surfaces.importing.report import Report
from fastauth_kit.surfaces.importing.target import Target
from fastauth_kit.surfaces.importing.writing import Existing, Run, Writer, Written

BATCH: Final = 1000
"""Rows looked up, and written, in one transaction."""

DUPLICATE: Final = "an address that the source had before, in some spelling"
CONFLICT: Final = "refused by another rule of the table: a taken id, a unique column, a value"
DIFFERS: Final = "already there, with other values; left as it is"


class IdMap(Protocol):
    """Takes what an account is called there and here."""

    def add(self, source_id: Any, key: Any) -> None:
        """Take one account."""
        ...


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How an import goes.

    Args:
        names: The source's names for columns, and ours.
        dry_run: Check everything, write nothing.
        keep_ids: The source's ids become the keys.
        allow_unreadable: An account whose hash nobody can read comes without
            a password, instead of being left out.
        compose_hash: For a source whose hash is in more than one column.
        batch: Rows in one transaction.
    """

    names: Mapping[str, str] = field(default_factory=dict[str, str])
    dry_run: bool = False
    keep_ids: bool = False
    allow_unreadable: bool = False
    compose_hash: ComposeHash | None = None
    batch: int = BATCH


async def import_users(
    auth: AuthKit[Any],
    run: Run,
    source: Source,
    options: ImportOptions,
    *,
    id_map: IdMap | None = None,
    progress: Callable[[int], None] = lambda read: None,
) -> Report:
    """Make accounts of the rows of a source, with the password hashes they have.

    Accounts that are there already are left as they are, so it can be run again,
    also after it was killed. Each batch is a transaction of its own; an app may
    run meanwhile.

    Args:
        run: Runs operations, such as ``partial(auth.run, async_session_maker)``.
        id_map: Is given the ids of all accounts, new and old.
        progress: Called after each batch with the number of rows read so far.

    Raises:
        SourceRefused: The source cannot be read at all.
        ConfigurationError: Options and table do not fit.
        DatabaseUnavailable: The database is away.
    """
    with ExitStack() as closing:
        running = _Import(auth, run, options, id_map, closing)
        async for batch in _batches(source, options.batch):
            await running.take(batch)
            progress(running.report.read)
        running.report.unknown_columns = [shown_name(name) for name in running.mapper.unknown]
        return running.report


async def _batches(source: Source, size: int) -> AsyncIterator[Sequence[Record]]:
    batch: list[Record] = []
    async for record in source.records():
        batch.append(record)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


class _Import:
    def __init__(
        self,
        auth: AuthKit[Any],
        run: Run,
        options: ImportOptions,
        id_map: IdMap | None,
        closing: ExitStack,
    ) -> None:
        target = Target(auth)
        _check(target, options)
        self.report = Report(dry_run=options.dry_run)
        self.mapper = Mapper(options.names, target.known)
        self._target = target
        self._id_map = id_map
        self._seen = closing.enter_context(SeenAddresses())
        self._writer = Writer(run, target, keep_ids=options.keep_ids)
        self._checker = Checker(
            target=target,
            mapper=self.mapper,
            report=self.report,
            now=auth.clock(),
            keep_ids=options.keep_ids,
            allow_unreadable=options.allow_unreadable,
            compose_hash=options.compose_hash,
        )

    async def take(self, batch: Sequence[Record]) -> None:
        """Check a batch, and write what is new in it."""
        self._refuse_without_addresses(batch)
        self.report.read += len(batch)
        candidates = [each for record in batch if (each := self._checked(record)) is not None]
        if not candidates:
            return
        there = await self._writer.existing(candidates)
        new = [each for each in candidates if each.email not in there]
        self._note_existing(candidates, there)
        if self.report.dry_run:
            self._count(new)
            return
        written = await self._writer.write(new)
        self._count(written.made)
        for each in written.refused:
            self.report.leave_out(CONFLICT, each.line)
        # whoever the app has made since the look is there already, too
        self.report.already_there += len(new) - len(written.made) - len(written.refused)
        self._write_ids(candidates, there, written)

    def _refuse_without_addresses(self, batch: Sequence[Record]) -> None:
        """Stop where no row of the first batch has a column of addresses.

        The names are not repeated: without a line of names they are data.
        """
        readable = [record for record in batch if record.fault is None]
        if self.report.read or not readable:
            return
        if not any("email" in self.mapper.ours(record.values) for record in readable):
            raise SourceRefused(
                "no column of the source is the address: name it with --map theirs=email "
                "(the first line of a CSV file must name the columns)"
            )

    def _checked(self, record: Record) -> Candidate | None:
        candidate = self._checker.check(record)
        if candidate is None:
            return None
        first = self._seen.first_line(candidate.email, candidate.line)
        if first != candidate.line:
            self.report.leave_out(DUPLICATE, candidate.line, also=f" (as {first})")
            return None
        return candidate

    def _note_existing(self, candidates: Sequence[Candidate], there: Existing) -> None:
        for each in candidates:
            if each.email in there:
                self.report.already_there += 1
                if _differs(each, there[each.email]):
                    self.report.note(DIFFERS, each.line)

    def _count(self, made: Sequence[Candidate]) -> None:
        self.report.imported += len(made)
        for each in made:
            if each.values.get("is_superuser"):
                self.report.name_superuser(each.email)

    def _write_ids(
        self, candidates: Sequence[Candidate], there: Existing, written: Written
    ) -> None:
        if self._id_map is None:
            return
        for each in candidates:
            found = there.get(each.email)
            key = found["id"] if found is not None else written.keys.get(each.email)
            if key is not None and each.source_id is not None:
                self._id_map.add(each.source_id, key)


def _differs(candidate: Candidate, row: Mapping[str, Any]) -> bool:
    """Whether an account has other values. Not its hash: the first login replaces that."""
    return any(
        row[name] != value for name, value in candidate.values.items() if name != "hashed_password"
    )


def _check(target: Target, options: ImportOptions) -> None:
    if not options.keep_ids and target.key_format.kind is str and not target.key_fills_itself:
        raise ConfigurationError("nothing fills the ids of this table: use --keep-ids")
    wrong = sorted(set(options.names.values()) - target.known)
    if wrong:
        raise ConfigurationError(
            f"{target.table.name} takes no column {shown_name(wrong[0])}; "
            f"it takes {', '.join(sorted(target.known))}"
        )
