"""The atomic primitives: one winner in every race, on every database.

Whoever decides something that must be decided once uses one of these, never
a read followed by a write.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Result,
    Update,
    false,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.models import primary_key
from fastauth_kit.core.work import Work

ModelT = TypeVar("ModelT")


async def change(work: Work, statement: Update | Delete) -> int:
    """Execute one conditional UPDATE or DELETE and return how many rows it met.

    The condition is the decision, the count its answer. (Not RETURNING:
    MariaDB has none for UPDATE.)
    """

    def step(session: Session) -> int:
        return _count(session.execute(statement, execution_options={"synchronize_session": False}))

    return await work.run(step)


def _count(result: Result[Any]) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101  # what DML gives; for the types
    return result.rowcount


async def find(work: Work, model: type[ModelT], *conditions: ColumnElement[bool]) -> ModelT | None:
    """Return the one row that meets ``conditions``; nothing is locked."""
    row: ModelT | None = await work.scalar(select(model).where(*conditions))
    return row


class RowLock(Generic[ModelT]):
    """Locks the one row that meets conditions, until the end of the work.

    The statements are built once: where every login takes the lock, keep it.

    Args:
        conditions: Their parameters must not be named as a column is.
        shared: Others may hold the row too, none may change it. (SQLite has
            one writer at a time, so there it makes no difference.)
    """

    def __init__(
        self, model: type[ModelT], *conditions: ColumnElement[bool], shared: bool = False
    ) -> None:
        self._reading = select(model).where(*conditions).execution_options(populate_existing=True)
        self._locking = self._reading.with_for_update(read=shared, of=model)
        self._touching = unchanged(model).where(*conditions)

    async def take(self, work: Work, **parameters: Any) -> ModelT | None:
        """Return the row's present state, or ``None`` if no row meets the conditions."""
        await _refuse_repeatable_read(work)
        # it has no row locks: writing, even nothing new, takes the write lock
        touches = work.dialect == "sqlite"

        def step(session: Session) -> ModelT | None:
            if touches and _count(session.execute(self._touching, parameters)) == 0:
                return None
            statement = self._reading if touches else self._locking
            return session.execute(statement, parameters).unique().scalars().first()

        return await work.run(step)


async def hold(
    work: Work,
    model: type[ModelT],
    *conditions: ColumnElement[bool],
    shared: bool = False,
) -> ModelT | None:
    """Lock a row now; see ``RowLock``."""
    return await RowLock(model, *conditions, shared=shared).take(work)


async def _refuse_repeatable_read(work: Work) -> None:
    """Refuse PostgreSQL's REPEATABLE READ, once for each engine.

    There, who waited for a lock goes on with the past: sessions opened by the
    one that held it would survive a change of password.

    Raises:
        ConfigurationError: The engine is set to it.
    """
    if work.dialect != "postgresql" or work.engine in work.auth.checked_engines:
        return
    bind: dict[str, Any] = {"mapper": work.auth.user_model}
    level = await work.read(
        lambda session: session.connection(bind_arguments=bind).get_isolation_level()
    )
    if level == "REPEATABLE READ":
        raise ConfigurationError(
            "the engine is set to REPEATABLE READ, where a session can survive a change of "
            "password; use READ COMMITTED, PostgreSQL's default, or SERIALIZABLE"
        )
    work.auth.checked_engines.add(work.engine)


async def hold_set(work: Work, model: type[Any], *conditions: ColumnElement[bool]) -> Sequence[Any]:
    """Lock every row that meets ``conditions``, in key order; return their keys.

    For rules over a set, such as "one superuser must remain": deciding by one
    row at a time lets two requests remove each other.
    """
    key = primary_key(model)
    if work.dialect == "sqlite":
        await change(work, unchanged(model).where(*conditions))
        return await work.scalars(select(key).where(*conditions).order_by(key))
    # candidates first, then locks by key: a locking scan would lock on MariaDB
    # every row that it passes
    candidates = await work.scalars(select(key).where(*conditions))
    locking = select(key).where(key.in_(candidates), *conditions).order_by(key)
    return await work.lock(locking.with_for_update())


async def reserve(work: Work, row: object) -> bool:
    """Insert a row, or return ``False`` if a rule of its table refuses it.

    See ``write_unless_refused`` for what becomes of the transaction.
    """

    def step(session: Session) -> None:
        session.add(row)
        session.flush()

    return await write_unless_refused(work, type(row), step)


async def write_unless_refused(
    work: Work, model: type[Any], step: Callable[[Session], None]
) -> bool:
    """Run a step that writes to one table; ``False`` if a rule of it refuses.

    Work that wrote before, or that joined a caller's transaction, goes on as
    if nothing had been tried; otherwise a new transaction has begun, which
    sees what the winner committed.
    """
    if not work.is_clean:
        return await _write_within(work, model, step)
    try:
        await work.run(step)
    except IntegrityError:
        await work.restart()
        return False
    return True


async def _write_within(work: Work, model: type[Any], step: Callable[[Session], None]) -> bool:
    if work.dialect == "sqlite":
        # its driver begins only before a write: without one the savepoint
        # would be the transaction, and releasing it a commit
        await change(work, unchanged(model).where(false()))

    def guarded(session: Session) -> bool:
        try:
            with session.begin_nested():
                step(session)
        except IntegrityError:
            return False
        return True

    return await work.run(guarded)


def unchanged(model: type[Any]) -> Update:
    """Return an UPDATE of a caller's table that leaves every column as it is.

    Columns with ``onupdate`` name themselves, so that they do not move.
    """
    key = primary_key(model)
    kept = [column for column in key.table.columns if column.onupdate is not None]
    return update(key.table).values({column: column for column in (key, *kept)})
