"""Counts in memory are bounded, and none is lost."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from fastauth_kit.core.client_address import UNKNOWN_NETWORK
from fastauth_kit.core.hooks import Attempt, AttemptKind, Device
from fastauth_kit.features.throttling import MemoryStore
from fastauth_kit.features.throttling.limits import Limits, whole_seconds_after
from fastauth_kit.features.throttling.memory_store import MemoryWindows


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


async def test_the_key_used_longest_ago_is_forgotten(time: Time) -> None:
    windows = MemoryWindows(time, max_keys=2)
    assert await windows.acquire_entry("a", 2, 60)
    assert await windows.acquire_entry("b", 2, 60)
    assert await windows.acquire_entry("a", 2, 60)  # b is the oldest now
    assert await windows.acquire_entry("c", 2, 60)

    assert await windows.get_moving_window("a", 2, 60) == (1000.0, 2)
    assert await windows.get_moving_window("b", 2, 60) == (1000.0, 0)
    assert not await windows.acquire_entry("a", 2, 60)


async def test_a_place_is_free_when_its_time_is_over(time: Time) -> None:
    windows = MemoryWindows(time, max_keys=9)
    assert await windows.acquire_entry("a", 1, 60)
    time.now += 60
    assert not await windows.acquire_entry("a", 1, 60)
    time.now += 0.001

    assert await windows.acquire_entry("a", 1, 60)


async def test_the_last_place_is_given_back(time: Time) -> None:
    windows = MemoryWindows(time, max_keys=9)
    await windows.acquire_entry("a", 2, 60)
    time.now += 30
    await windows.acquire_entry("a", 2, 60)
    await windows.give_back("a")

    assert await windows.get_moving_window("a", 2, 60) == (1000.0, 1)


async def test_what_is_given_back_whole_takes_no_room(time: Time) -> None:
    windows = MemoryWindows(time, max_keys=1)
    await windows.acquire_entry("a", 2, 60)
    await windows.acquire_entry("b", 2, 60)
    await windows.give_back("b")
    await windows.give_back("never seen")

    assert windows._entries == {}


async def test_a_store_keeps_its_counts_for_everybody(time: Time) -> None:
    store = MemoryStore()
    await store.windows(time).acquire_entry("a", 1, 60)
    await store.aclose()

    assert not await store.windows(time).acquire_entry("a", 1, 60)


async def test_threads_lose_no_count(time: Time) -> None:
    """Scripts with synchronous sessions may come in several."""
    windows = MemoryWindows(time, max_keys=9)

    def take(_: int) -> bool:
        return asyncio.run(windows.acquire_entry("a", 50, 60))

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(200)))

    assert taken.count(True) == 50


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
