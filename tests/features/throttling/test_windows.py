"""Both stores: a place in every window or in none, in one round trip."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import redis

from fastauth_kit.features.throttling import Limits, Store, Throttling
from fastauth_kit.features.throttling.redis_store import RedisStore
from fastauth_kit.features.throttling.store import Window, Windows
from tests.features.throttling.tries import log_in, statuses
from tests.kit_app import PASSWORD, KitApp

FEW, MANY = Window("ada", 2, 60), Window("ada", 5, 900)


class Time:
    def __init__(self) -> None:
        self.now = 1_795_000_000.25

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def windows(store: Store, time: Time) -> AsyncIterator[Windows]:
    yield store.windows(time)
    await store.aclose()


async def test_a_refused_attempt_keeps_no_place(windows: Windows) -> None:
    """Not in the windows before the full one, nor in those after it."""
    behind = Window("network", 3, 3600)
    assert [await windows.take([MANY, FEW, behind]) for _ in range(3)] == [None, None, 61]

    assert [await windows.take([MANY]) for _ in range(4)] == [None, None, None, 901]
    assert [await windows.take([behind]) for _ in range(2)] == [None, 3601]


async def test_the_wait_is_that_of_the_window_that_is_full_longest(
    windows: Windows, time: Time
) -> None:
    both = [Window("ada", 1, 60), Window("ada", 1, 900)]
    assert await windows.take(both) is None
    time.now += 20.5

    assert await windows.take(both) == 880
    time.now += 50  # the first has room again
    assert await windows.take(both) == 830
    time.now += 830
    assert await windows.take(both) is None


async def test_what_is_given_back_is_free_in_every_window(windows: Windows) -> None:
    both = [Window("ada", 1, 60), Window("ada", 1, 900)]
    assert await windows.take(both) is None
    await windows.give_back([*both, Window("never seen", 1, 60)])

    assert await windows.take(both) is None


async def test_two_hundred_at_once_lose_no_count(store: Store, windows: Windows) -> None:
    """As many as fit get in; those who are refused cost the others nothing."""
    wanted = [Window("pair", 150, 60), Window("network", 40, 3600), Window("all", 150, 60)]

    taken = await asyncio.gather(*(windows.take(wanted) for _ in range(200)))

    assert taken.count(None) == 40
    assert set(taken) == {None, 3601}
    rest = await asyncio.gather(*(windows.take([wanted[0], wanted[2]]) for _ in range(120)))
    assert rest.count(None) == 110


async def test_a_clock_that_goes_back_locks_nobody_out(windows: Windows, time: Time) -> None:
    assert await windows.take([FEW]) is None
    time.now -= 3600
    assert await windows.take([FEW]) is None
    assert await windows.take([FEW]) is not None
    time.now += 3700

    assert await windows.take([FEW]) is None


class Monitor:
    """Sees every command that Redis is sent, as the server itself reports them."""

    def __init__(self, url: str, prefix: str) -> None:
        self._client = redis.Redis.from_url(url)
        self._prefix = prefix
        self._monitor: Any = self._client.monitor()
        self._monitor.__enter__()

    def commands(self) -> list[str]:
        """Return what was sent by others since the last call; scripts' own calls left out."""
        self._client.ping()  # everything before it has been reported when it is
        found: list[str] = []
        while (seen := self._monitor.next_command())["command"] != "PING":
            if seen["client_type"] != "lua" and self._prefix in seen["command"]:
                found.append(seen["command"].split()[0])
        return found

    def close(self) -> None:
        self._monitor.__exit__(None, None, None)
        self._client.close()


@pytest.fixture
async def watched(
    make_app: Callable[..., KitApp], redis_url: str, redis_prefix: str
) -> AsyncIterator[tuple[KitApp, Monitor]]:
    kit_app = make_app(
        more_features=(Throttling(store=RedisStore(redis_url, prefix=redis_prefix)),)
    )
    await kit_app.add_user()
    await statuses(kit_app, 1, email="first@example.com")  # Redis has the script from now on
    monitor = Monitor(redis_url, redis_prefix)
    yield kit_app, monitor
    monitor.close()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_login_asks_redis_once_and_a_good_one_gives_back_once(
    watched: tuple[KitApp, Monitor],
) -> None:
    kit_app, monitor = watched

    wrong = await log_in(kit_app, "not the password")
    assert (wrong.status_code, monitor.commands()) == (401, ["EVALSHA"])
    right = await log_in(kit_app, PASSWORD)
    # four windows in one pipeline, after the commit
    assert (right.status_code, monitor.commands()) == (200, ["EVALSHA", *["LPOP"] * 4])
    await statuses(kit_app, 4)
    monitor.commands()
    refused = await log_in(kit_app, PASSWORD)
    assert (refused.status_code, monitor.commands()) == (429, ["EVALSHA"])


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_giving_back_is_one_packet(
    make_app: Callable[..., KitApp], redis_url: str, redis_prefix: str, time: Time
) -> None:
    """A round trip is what is written before an answer is waited for."""
    store = RedisStore(redis_url, prefix=redis_prefix, max_connections=1)
    windows: Any = store.windows(time)
    await windows.take([FEW, MANY])
    (connection,) = windows.pool._available_connections
    packets: list[Any] = []
    send = connection.send_packed_command

    async def note(*arguments: Any, **options: Any) -> None:
        packets.append(arguments)
        await send(*arguments, **options)

    connection.send_packed_command = note
    assert await windows.take([FEW, MANY]) is None
    assert len(packets) == 1
    await windows.give_back([FEW, MANY])
    assert len(packets) == 2
    await store.aclose()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_without_limits_redis_is_not_asked(
    make_app: Callable[..., KitApp], redis_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = RedisStore("redis://127.0.0.1:1", prefix=redis_prefix)
    kit_app = make_app(more_features=(Throttling(store=nowhere, login=Limits()),))
    await kit_app.add_user()

    assert await statuses(kit_app, 2, PASSWORD) == [200, 200]
    assert "Redis" not in caplog.text
