"""Counts in memory are bounded, and none is lost."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from fastauth_kit.core.client_address import UNKNOWN_NETWORK
from fastauth_kit.core.hooks import Attempt, AttemptKind, Device
from fastauth_kit.features.throttling import MemoryStore
from fastauth_kit.features.throttling.limits import Limits, whole_seconds_after
from fastauth_kit.features.throttling.memory_store import MemoryWindows
from fastauth_kit.features.throttling.store import Window


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


ONE, TWO = Window("a", 1, 60), Window("a", 2, 60)


def other(subject: str, attempts: int = 2) -> Window:
    return Window(subject, attempts, 60)


async def test_the_key_used_longest_ago_is_forgotten(time: Time) -> None:
    windows = MemoryWindows(time, max_keys=2)
    assert await windows.take([TWO]) is None
    assert await windows.take([other("b")]) is None
    assert await windows.take([TWO]) is None  # b is the oldest now
    assert await windows.take([other("c")]) is None

    assert set(windows._entries) == {TWO.key, other("c").key}
    assert await windows.take([TWO]) == 61


async def test_a_place_is_free_when_its_time_is_over(time: Time) -> None:
    windows = MemoryWindows(time, max_keys=9)
    assert await windows.take([ONE]) is None
    time.now += 60
    assert await windows.take([ONE]) == 1
    time.now += 0.001

    assert await windows.take([ONE]) is None


async def test_the_last_place_is_given_back(time: Time) -> None:
    windows = MemoryWindows(time, max_keys=9)
    await windows.take([TWO])
    time.now += 30
    await windows.take([TWO])
    await windows.give_back([TWO])

    assert windows._entries == {TWO.key: [1000.0]}


async def test_what_is_given_back_whole_takes_no_room(time: Time) -> None:
    windows = MemoryWindows(time, max_keys=1)
    await windows.take([TWO])
    await windows.take([other("b")])
    await windows.give_back([other("b"), other("never seen")])

    assert windows._entries == {}


async def test_a_store_keeps_its_counts_for_everybody(time: Time) -> None:
    store = MemoryStore()
    await store.windows(time).take([ONE])
    await store.aclose()

    assert await store.windows(time).take([ONE]) == 61


async def test_threads_lose_no_count(time: Time) -> None:
    """Scripts with synchronous sessions may come in several."""
    windows = MemoryWindows(time, max_keys=9)

    def take(_: int) -> int | None:
        return asyncio.run(windows.take([other("a", 50)]))

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(200)))

    assert taken.count(None) == 50


@pytest.mark.parametrize(
    ("moment", "seconds"), [(0.0, 1), (-5.0, 1), (0.5, 1), (1.0, 2), (59.9, 60), (60.0, 61)]
)
def test_a_wait_is_over_after_its_seconds(moment: float, seconds: int) -> None:
    """On the second itself the place is still taken."""
    assert whole_seconds_after(moment, 0.0) == seconds


def test_nothing_is_counted_against_nobody() -> None:
    attempt = Attempt(AttemptKind.TOKEN, "reset", Device())

    assert Limits().counted(attempt, None) == []
    assert UNKNOWN_NETWORK == "unknown"
