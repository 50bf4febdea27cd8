"""Counts in the memory of this process: quick, bounded, and gone with it."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.throttling.limits import whole_seconds_after
from fastauth_kit.features.throttling.store import Clock, Store, Window, Windows


class MemoryStore(Store):
    """Keeps the counts of one process. Each process then has limits of its own.

    Args:
        max_keys: Most counts at once; beyond it the one that was asked for
            longest ago is forgotten. Each takes about 300 bytes.

    Raises:
        ConfigurationError: ``max_keys`` is below 1.
    """

    def __init__(self, *, max_keys: int = 100_000) -> None:
        if max_keys < 1:
            raise ConfigurationError("MemoryStore(max_keys=...) must be at least 1")
        self._max_keys = max_keys
        self._windows: MemoryWindows | None = None

    def windows(self, clock: Clock) -> Windows:
        """Return the counts of this process."""
        if self._windows is None:
            self._windows = MemoryWindows(clock, self._max_keys)
        return self._windows

    async def aclose(self) -> None:
        """Do nothing: there are no connections, and the counts stay."""


class MemoryWindows(Windows):
    """Moving windows in memory, in place of those of ``limits``.

    Those look through every key at each attempt, are not bounded, and read
    the time of the machine.
    """

    def __init__(self, clock: Clock, max_keys: int) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._lock = Lock()  # scripts with synchronous sessions come in threads
        self._entries: OrderedDict[str, list[float]] = OrderedDict()

    async def take(self, wanted: Sequence[Window]) -> int | None:
        """Take a place in every window, or say how long to wait."""
        with self._lock:
            now = self._clock()
            found = [(window, self._recent(window, now)) for window in wanted]
            full_until = [
                within[0] + window.seconds
                for window, within in found
                if len(within) >= window.attempts
            ]
            if full_until:
                return whole_seconds_after(max(full_until), now)
            for window, within in found:
                self._keep(window.key, [*within, now])
            return None

    async def give_back(self, taken: Sequence[Window]) -> None:
        """Free the place that was taken last in each window."""
        with self._lock:
            for window in taken:
                self._keep(window.key, self._entries.get(window.key, [])[:-1])

    def _recent(self, window: Window, now: float) -> list[float]:
        entries = self._entries.get(window.key, ())
        return [moment for moment in entries if moment >= now - window.seconds]

    def _keep(self, key: str, within: list[float]) -> None:
        self._entries.pop(key, None)
        if within:
            self._entries[key] = within
        if len(self._entries) > self._max_keys:
            self._entries.popitem(last=False)
