"""People at work, all at once, until told to stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import httpx2

from tests.faults.ledger import Account, Ledger
from tests.faults.watch import Caller, Watch

PEOPLE = 6
SECONDS_TO_ANSWER = 20
"""No outage keeps anybody waiting for longer."""

PAUSE_SECONDS = 0.05
"""Between a request that failed and the next; a polite client waits for longer."""


@asynccontextmanager
async def ledger_of(address: str, random: Random) -> AsyncIterator[Ledger]:
    """Open an empty ledger of what is asked of a server."""
    limits = httpx2.Limits(max_connections=2 * PEOPLE, max_keepalive_connections=2 * PEOPLE)
    async with httpx2.AsyncClient(
        base_url=address, timeout=SECONDS_TO_ANSWER, limits=limits
    ) as client:
        ledger = Ledger(Caller(client, Watch()), random)
        ledger.add(PEOPLE)
        yield ledger


class Load:
    """Everybody of a ledger at work.

    Args:
        gives_up: Whether one stops at the first request without an answer,
            instead of trying again.
    """

    def __init__(self, ledger: Ledger, *, gives_up: bool = False) -> None:
        self._ledger = ledger
        self._gives_up = gives_up
        self._stopping = False
        self._deeds = 0
        self._moved = asyncio.Condition()

    async def __aenter__(self) -> "Load":
        self._tasks = [asyncio.create_task(self._work(one)) for one in self._ledger.accounts]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        done = await asyncio.gather(*self._tasks, return_exceptions=True)
        for error in done:
            if isinstance(error, BaseException):
                raise error

    async def deeds(self, count: int) -> None:
        """Wait until so many more things were done, or somebody failed."""
        goal = self._deeds + count
        async with asyncio.timeout(60), self._moved:
            await self._moved.wait_for(lambda: self._deeds >= goal or self._failed())

    async def answered(self, count: int) -> None:
        """Wait until so many more requests have any answer, or somebody failed."""
        answers = self._ledger.caller.watch.answers
        goal = answers.total() + count
        async with asyncio.timeout(60), self._moved:
            await self._moved.wait_for(lambda: answers.total() >= goal or self._failed())

    async def answers(self, status: int, count: int) -> None:
        """Wait until so many more answers have this status, or somebody failed."""
        answers = self._ledger.caller.watch.answers
        goal = answers[status] + count
        async with asyncio.timeout(60), self._moved:
            await self._moved.wait_for(lambda: answers[status] >= goal or self._failed())

    def _failed(self) -> bool:
        return any(task.done() and task.exception() for task in self._tasks)

    async def _work(self, account: Account) -> None:
        try:
            while not self._stopping:
                succeeded = await self._ledger.act(account)
                await self._count(int(succeeded))
                if not succeeded and self._gives_up:
                    return
                if not succeeded:
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await self._count(0)

    async def _count(self, deeds: int) -> None:
        async with self._moved:
            self._deeds += deeds
            self._moved.notify_all()


async def check(ledger: Ledger, accounts: list[Account], *, everything: bool = False) -> None:
    """Check accounts, a few at a time; the server must be able to answer.

    Args:
        everything: Also the passwords that were right at the last check.
    """
    for account in accounts:
        account.touched = account.touched or everything
    places = asyncio.Semaphore(PEOPLE)

    async def check_one(account: Account) -> None:
        async with places:
            assert await account.check(), "the server does not answer"

    async with asyncio.TaskGroup() as group:
        for account in accounts:
            group.create_task(check_one(account))
