"""The database goes away in the middle of the work, and comes back."""

import asyncio
from random import Random

import pytest

from tests.faults.backends import Backends
from tests.faults.cluster import Cluster
from tests.faults.forms import form, say, seeded
from tests.faults.load import Load, check, ledger_of
from tests.faults.proxy import Line, Proxy, proxy_before
from tests.faults.server import Servers
from tests.faults.test_broken_network import IMPATIENT

OUTAGES = form(short=("fast", "immediate"), long=("fast", "immediate") * 10)
REFUSALS = 30
"""So many answers of 503 are waited for before the server is started again."""

CUTS = form(short=12, long=1000)
DISTURBANCES = form(short=6, long=150)


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


@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
async def test_a_network_that_breaks_at_random_under_load_loses_nothing(
    app_server: Servers, tables: str, database_kind: str
) -> None:
    random = seeded("network")
    async with (
        proxy_before(tables) as (proxy, through),
        ledger_of(app_server.address, random) as ledger,
    ):
        await app_server.start(through, **IMPATIENT[database_kind])
        async with Load(ledger) as load:
            for _ in range(DISTURBANCES):
                await load.deeds(random.randint(1, 10))
                random.choice([slow, cut, cut_soon, half, refuse, fall_silent])(proxy, random)
                await load.answered(random.randint(1, 10))
                proxy.heal()
        await check(ledger, [*ledger.accounts, *ledger.registered], everything=True)
        ledger.caller.watch.look_at_log(app_server.log())
    say(f"{database_kind}: {DISTURBANCES} disturbances, {ledger.story()}")
    assert ledger.caller.watch.lost == 0


def slow(proxy: Proxy, random: Random) -> None:
    proxy.delay_seconds = random.uniform(0, 0.1)


def cut(proxy: Proxy, random: Random) -> None:
    proxy.cut()


def cut_soon(proxy: Proxy, random: Random) -> None:
    """Cut a connection at a message that does not arrive, or is not answered."""

    def cut_it(line: Line, data: bytes) -> bool:
        line.cut()
        return False

    if random.random() < 0.5:
        proxy.on_request = cut_it
    else:
        proxy.on_answer = cut_it


def half(proxy: Proxy, random: Random) -> None:
    """Pass on the beginning of each answer, and then nothing or the end of the connection."""
    length, cuts = random.randint(1, 100), random.random() < 0.5

    def halve_it(line: Line, data: bytes) -> bool:
        proxy.pass_answer(line, data[:length])
        if cuts:
            line.cut()
        return False

    proxy.on_answer = halve_it


def refuse(proxy: Proxy, random: Random) -> None:
    proxy.refuses = True
    proxy.cut()


def fall_silent(proxy: Proxy, random: Random) -> None:
    proxy.on_answer = lambda line, data: False
