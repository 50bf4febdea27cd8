"""One unit of database work: what is written, and when it becomes real."""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Engine, Executable, Result
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fastauth_kit.core.after_commit import Action, JoinedActions
from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.blocking import Waiter
from fastauth_kit.core.database import Database
from fastauth_kit.core.errors import (
    AuthError,
    ConfigurationError,
    DatabaseUnavailable,
    TransientError,
)

logger: logging.Logger = logging.getLogger("fastauth_kit")

ResultT = TypeVar("ResultT")
Parameters = Mapping[str, Any]


class CommitOutcomeUnknown(DatabaseUnavailable):
    """The connection was lost while committing: it may have happened or not.

    Answered as any outage, but never tried again by itself.
    """


class Work:
    """The caller's session as the kit uses it.

    ``async with work:`` is the transaction, and its end the only commit.
    Inside a transaction that the caller opened with ``begin()`` it commits
    nothing: the caller does. Operations write against this class alone.

    Who cannot await (a ``def`` route, a script, with a ``Session``) writes
    ``with work:`` and ``work.wait(operation(...))``.

    Args:
        auth: The installation this work belongs to.
        database: The caller's session.
        may_join: Whether a transaction of the caller's is joined. A route
            cannot: it would answer before their commit.
    """

    def __init__(self, auth: Assembly[Any], database: Database, *, may_join: bool = True) -> None:
        self.auth = auth
        self.now: datetime = auth.clock()
        """When this unit of work began; the one source of time for operations."""
        self._database = database
        self._may_join = may_join
        self._joined = False
        self._owned = self._clean = self._is_idle()
        self._after: list[Action] = []
        self._recorded: list[Callable[[Work], Awaitable[object]]] = []

    @property
    def dialect(self) -> str:
        """``sqlite``, ``postgresql``, ``mysql`` or ``mariadb``."""
        return self.engine.dialect.name

    @property
    def engine(self) -> Engine:
        """The engine behind the session; where models have engines of their own, the users'."""
        return self._database.session.get_bind(self.auth.user_model).engine

    @property
    def is_clean(self) -> bool:
        """Whether rolling back now would lose nothing."""
        return self._clean and not self._joined

    async def execute(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Result[Any]:
        """Execute a statement; one that writes ends ``is_clean``."""
        return await self._execute(statement, parameters, lambda result: result)

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        """Return the first column of the first row, or ``None``."""
        return await self._execute(
            statement, parameters, lambda result: result.unique().scalars().first()
        )

    async def scalars(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[Any]:
        """Return the first column of every row."""
        return await self._execute(
            statement, parameters, lambda result: result.unique().scalars().all()
        )

    async def _execute(
        self,
        statement: Executable,
        parameters: Parameters | None,
        take: Callable[[Result[Any]], ResultT],
    ) -> ResultT:
        """Execute and take the rows in one step: loader options ask for more meanwhile."""
        self._clean = self._clean and getattr(statement, "is_select", False)
        return await self._database.run(
            lambda session: take(session.execute(statement, parameters))
        )

    async def lock(self, statement: Executable) -> Sequence[Any]:
        """Return the first column of every row of a SELECT that locks.

        Ends ``is_clean``: giving the connection back would give up the locks.
        """
        return await self.run(lambda session: session.execute(statement).unique().scalars().all())

    async def add(self, row: object) -> None:
        """Insert a row now, so that its key is known."""

        def step(session: Session) -> None:
            session.add(row)
            session.flush()

        await self.run(step)

    async def delete(self, row: object) -> None:
        """Delete a row now, the way its ORM relationships say."""

        def step(session: Session) -> None:
            session.delete(row)
            session.flush()

        await self.run(step)

    async def flush(self) -> None:
        """Write pending changes of ORM objects, without committing."""
        await self.run(Session.flush)

    async def run(self, step: Callable[[Session], ResultT]) -> ResultT:
        """Run a step that may write, on the synchronous session."""
        self._clean = False
        return await self._database.run(step)

    async def read(self, step: Callable[[Session], ResultT]) -> ResultT:
        """Run a step that only reads, where lazy loading is allowed."""
        return await self._database.run(step)

    async def release(self) -> None:
        """Give the connection back before something slow, if nothing would be lost.

        What was read so far may be stale afterwards, and ORM objects are
        expired: copy what is needed first.
        """
        if self.is_clean:
            await self._database.run(Session.rollback)

    async def restart(self) -> None:
        """Begin a new transaction, which sees what others have committed since.

        Within a transaction that the caller began, be it by adding a row, this
        is not ours to do, and nothing happens.
        """
        if self._owned and not self._joined:
            await self._database.run(Session.rollback)
            self._begin_anew()

    def after_commit(self, action: Action) -> None:
        """Run ``action`` once, in the background, when the data is committed."""
        self._after.append(action)

    def record(self, action: "Callable[[Work], Awaitable[object]]") -> None:
        """Write something down although this attempt is about to be refused.

        After an ``AuthError`` the attempt is rolled back first; then the
        recorded actions run in a transaction of their own.
        """
        self._recorded.append(action)

    async def __aenter__(self) -> Self:
        self._joined = self._database.in_callers_transaction
        if self._joined and not self._may_join:
            raise ConfigurationError(
                "get_session yields a session inside begin(): yield a plain session, "
                "because the kit commits before it answers"
            )
        if not self._is_idle():
            self._begin_anew(owned=False)
        self.now = self.auth.clock()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        refused = isinstance(error, AuthError) and not isinstance(error, TransientError)
        if self._joined:
            await self._leave_to_caller(error is None, refused)
        elif error is None:
            await self._commit()
        else:
            await self._roll_back()
            if refused:
                await self._write_down()

    def __enter__(self) -> Self:
        if self._database.is_asynchronous:
            raise ConfigurationError("an AsyncSession needs 'async with'")
        self._waiter = Waiter()
        self._database.in_place = self._waiter.is_alone
        return self._waiter.wait(self.__aenter__())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        leaving = self.__aexit__(kind, error, trace)
        self._waiter.finish(leaving, self.auth.after_commit)

    def wait(self, operation: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Run an operation inside ``with work:`` and return what it returns."""
        return self._waiter.wait(operation)

    def _is_idle(self) -> bool:
        """Whether nothing of the caller's is under way. In a route all of it is ours."""
        return not self._may_join or not self._database.session.in_transaction()

    def _begin_anew(self, owned: bool = True) -> None:
        self._owned = self._clean = owned

    async def _commit(self) -> None:
        committed, waits = False, bool(self._after)

        def step(session: Session) -> None:
            nonlocal committed
            session.commit()
            committed = True

        try:
            await self._database.run(step)
        except BaseException as error:
            if committed:  # whoever was cancelled meanwhile has committed all the same
                self._finish()
                raise
            # another attempt, on another connection, must not meet our locks
            await self._roll_back()
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise CommitOutcomeUnknown from error
            raise
        self._finish()
        if waits:
            # after, not before: nobody is to wait with a connection and locks in hand
            await self.auth.after_commit.room()

    def _finish(self) -> None:
        self._begin_anew()
        self._recorded.clear()
        actions, self._after = self._after, []
        self.auth.after_commit.start(actions)

    async def _roll_back(self) -> None:
        self._after.clear()
        self._begin_anew()
        try:
            await self._database.run(Session.rollback)
        except (DBAPIError, DatabaseUnavailable):
            logger.warning("rolling back failed; the server will do so by itself")

    async def _write_down(self) -> None:
        actions, self._recorded = self._recorded, []
        try:
            for action in actions:
                await action(self)
        except BaseException:
            await self._roll_back()
            raise
        if actions:
            await self._commit()

    async def _leave_to_caller(self, succeeded: bool, refused: bool) -> None:
        if refused:
            self._after.clear()
            actions, self._recorded = self._recorded, []
            for action in actions:
                await action(self)
        if succeeded or refused:
            await self._database.run(Session.flush)
            if self._after:
                after, self._after = self._after, []
                session = self._database.session
                JoinedActions.of(session).hold(session, self.auth.after_commit, after)
