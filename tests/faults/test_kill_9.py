"""``kill -9`` of the server in the middle of its work, again and again."""

import asyncio
from random import Random

from tests.faults.backends import Backends
from tests.faults.forms import form, say, seeded
from tests.faults.ledger import Ledger
from tests.faults.load import Load, check, ledger_of
from tests.faults.server import Servers

KILLS = form(
    short={"postgresql": 12, "mariadb": 2, "sqlite": 6},
    long={"postgresql": 120, "mariadb": 40, "sqlite": 40},
)
"""How often, on each database."""

MOST_DEEDS = form(short=25, long=60)
"""A life ends after at most so many things were done in it, at a random one."""

MOMENTS = ("from outside", "before commit", "after commit")


async def test_what_was_acknowledged_survives_kill_9_and_nobody_is_logged_out(
    app_server: Servers, tables: str, database_kind: str
) -> None:
    random = seeded("kill -9")
    backends = Backends(tables)
    await backends.leave_alone()
    async with ledger_of(app_server.address, random) as ledger:
        new, orphans = 0, set[int]()
        for _ in range(KILLS[database_kind]):
            await app_server.start(tables)
            await _ask_again_at_once(ledger)
            await backends.wait_until_gone(orphans)
            await check(ledger, [*ledger.accounts, *ledger.registered[new:]])
            new = len(ledger.registered)
            async with Load(ledger, gives_up=True) as load:
                await _kill(app_server, load, random)
            orphans = await backends.others()
        await app_server.start(tables)
        await backends.wait_until_gone(orphans)
        await check(ledger, [*ledger.accounts, *ledger.registered], everything=True)
        watch = ledger.caller.watch
        watch.look_at_log(app_server.log())
    say(f"{database_kind}: {KILLS[database_kind]} kills, {ledger.story()}")
    # a kill that hits nothing proves nothing
    assert watch.lost >= KILLS[database_kind]
    assert ledger.doubts


async def _kill(server: Servers, load: Load, random: Random) -> None:
    """End it somewhere within a request, or at the one side or the other of a commit.

    Between commit and answer there is next to no time: chance seldom hits it.
    """
    moment = random.choice(MOMENTS)
    if moment != "from outside":
        await server.die(moment, random.randint(1, MOST_DEEDS))
        await server.wait_until_dead()
        return
    await load.deeds(random.randint(1, MOST_DEEDS))
    await asyncio.sleep(random.uniform(0, 0.01))
    await server.kill()


async def _ask_again_at_once(ledger: Ledger) -> None:
    """Present the refresh token again whose answer was lost.

    The dead server's COMMIT may still be under way then.
    """
    waiting = [account for account in ledger.accounts if account.in_doubt == "refresh"]
    settled = await asyncio.gather(*(account.find_out() for account in waiting))
    assert all(settled), "the server does not answer"
