"""Takes a place in every window of an attempt, or in none."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastauth_kit.features.throttling.limits import whole_seconds_after
from fastauth_kit.features.throttling.store import (
    Clock,
    MovingWindowRateLimiter,
    RateLimitItemPerSecond,
    Windows,
)


@dataclass(frozen=True, slots=True)
class Window:
    """One limit for one subject."""

    key: str
    attempts: int
    seconds: int

    @property
    def item(self) -> RateLimitItemPerSecond:
        """The same, as ``limits`` knows it."""
        return RateLimitItemPerSecond(self.attempts, self.seconds, namespace="fastauth")


class Limiter:
    """Counts with the moving windows of ``limits``."""

    def __init__(self, windows: Windows, clock: Clock) -> None:
        self._windows = windows
        self._clock = clock
        self._strategy = MovingWindowRateLimiter(windows)

    async def take(self, wanted: Sequence[Window]) -> int | None:
        """Take a place in every window, in order.

        Returns:
            ``None``; or, if one is full, the seconds until all have room. No
            place is kept then, so that who hammers waits no longer for it.
        """
        for number, window in enumerate(wanted):
            if not await self._strategy.hit(window.item, window.key):
                await self.give_back(wanted[:number])
                return await self._wait(wanted)
        return None

    async def give_back(self, taken: Sequence[Window]) -> None:
        """Free one place in each window."""
        for window in taken:
            await self._windows.give_back(window.item.key_for(window.key))

    async def _wait(self, wanted: Sequence[Window]) -> int:
        waits = [1]
        for window in wanted:
            reset, remaining = await self._strategy.get_window_stats(window.item, window.key)
            if remaining <= 0:
                waits.append(whole_seconds_after(reset, self._clock()))
        return max(waits)
