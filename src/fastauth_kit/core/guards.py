"""Where attempts are counted before anything is done about them.

An operation says what it is, not which path led to it, so that a second mount
or another spelling of the path shares its count.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.hooks import Attempt, RequestGuard
from fastauth_kit.core.work import Work

_admitted: ContextVar[set[Attempt] | None] = ContextVar("fastauth_kit_admitted", default=None)


async def admit(auth: Assembly[Any], attempt: Attempt) -> None:
    """Ask every guard whether an attempt may be made.

    Call it first, before a statement is sent: guards may ask another server.
    When the database makes a request run again, it is not counted again.

    Raises:
        TooManyAttempts: It may not; ``Retry-After`` says when it may.
    """
    admitted = _admitted.get()
    if admitted is not None and attempt in admitted:
        return
    for guard in auth.taking_part(RequestGuard):
        await guard.admit(auth, attempt)
    if admitted is not None:
        admitted.add(attempt)


def give_back_after_commit(work: Work, attempt: Attempt) -> None:
    """Take an attempt back, once what it led to is safe: it was the owner's."""
    for guard in work.auth.taking_part(RequestGuard):
        work.after_commit(partial(guard.give_back, work.auth, attempt))


@contextmanager
def one_request() -> Generator[None]:
    """Count each attempt once within, however often it is made."""
    outer = _admitted.get()
    _admitted.set(set())
    try:
        yield
    finally:
        _admitted.set(outer)
