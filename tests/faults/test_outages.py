"""The database goes away in the middle of the work, and comes back."""

import asyncio

import pytest

from tests.faults.backends import Backends
from tests.faults.cluster import Cluster
from tests.faults.forms import form, say, seeded
from tests.faults.load import Load, check, ledger_of
from tests.faults.server import Servers

OUTAGES = form(short=("fast", "immediate"), long=("fast", "immediate") * 10)
REFUSALS = 30
"""So many answers of 503 are waited for before the server is started again."""

CUTS = form(short=40, long=1000)


async def test_postgresql_stopped_in_mid_load_is_503_and_then_all_is_as_before(
    app_server: Servers, private_postgresql: Cluster
) -> None:
    random = seeded("outages")
    cluster = private_postgresql
    await app_server.start(cluster.url)
    async with ledger_of(app_server.address, random) as ledger:
        watch = ledger.caller.watch
        async with Load(ledger) as load:
            for manner in OUTAGES:
                await load.deeds(random.randint(20, 60))
                await asyncio.to_thread(cluster.stop, manner)
                await load.answers(503, REFUSALS)
                await asyncio.to_thread(cluster.start)
                await load.deeds(40)
        retries = await app_server.retries()
        await check(ledger, [*ledger.accounts, *ledger.registered], everything=True)
        watch.look_at_log(app_server.log())
    say(f"postgresql: {len(OUTAGES)} outages, {retries} retries, {ledger.story()}")
    assert watch.lost == 0
    assert watch.answers[503] >= REFUSALS * len(OUTAGES)


@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
async def test_connections_cut_at_random_are_tried_again_or_503(
    app_server: Servers, tables: str, database_kind: str
) -> None:
    random = seeded("cuts")
    backends = Backends(tables)
    await backends.leave_alone()
    await app_server.start(tables)
    async with ledger_of(app_server.address, random) as ledger:
        watch = ledger.caller.watch
        async with Load(ledger) as load:
            for _ in range(CUTS):
                await load.deeds(random.randint(1, 5))
                victims = await backends.others()
                if victims:
                    await backends.end(random.choice(sorted(victims)))
        retries = await app_server.retries()
        await check(ledger, [*ledger.accounts, *ledger.registered], everything=True)
        watch.look_at_log(app_server.log())
    say(f"{database_kind}: {CUTS} cuts, {retries} retries, {ledger.story()}")
    assert watch.lost == 0
    assert retries > 0
