"""Work that begins once the answer has left, so that the answer tells nothing of it."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import BackgroundTasks
from pydantic import BaseModel

from fastauth_kit.core.after_commit import log_failure
from fastauth_kit.core.current_request import answering, during
from fastauth_kit.core.http import run_with_retries
from fastauth_kit.core.work import Work

LONGEST_SECONDS = 30.0


class Accepted(BaseModel):
    """Nothing. What becomes of the request is nobody's business but the mailbox's."""


ACCEPTED = Accepted()
"""The one answer of a route that does its work afterwards."""


def afterwards(
    background: BackgroundTasks, work: Work, operation: Callable[[Work], Awaitable[object]]
) -> None:
    """Run an operation in the request's own session once the answer has left.

    For routes whose answer must not depend on what they find, not even in its
    time. A session dependency that FastAPI has closed by then
    (``session_scope="function"``) begins again, and is left without a
    connection.

    What fails is logged, and nobody is told. As on a route, the operation runs
    again when the database asks for it.
    """
    connection = answering.get()

    async def attempt() -> None:
        async with work:
            await operation(work)

    async def run() -> None:
        try:
            with during(connection):
                async with asyncio.timeout(LONGEST_SECONDS):
                    await run_with_retries(attempt)
        except Exception as error:  # noqa: BLE001  # nobody is left to be told
            log_failure("work after an answer", error)

    background.add_task(run)
