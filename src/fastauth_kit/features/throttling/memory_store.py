"""Counts in the memory of this process: quick, bounded, and gone with it."""

from collections import OrderedDict
from threading import Lock

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.throttling.store import Clock, MemoryStorage, Store, Windows


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


class MemoryWindows(MemoryStorage, Windows):
    """Moving windows in memory, in place of those of ``limits``.

    Those look through every key at each attempt, are not bounded, and read
    the time of the machine.
    """

    def __init__(self, clock: Clock, max_keys: int) -> None:
        super().__init__()
        self._clock = clock
        self._max_keys = max_keys
        self._lock = Lock()  # scripts with synchronous sessions come in threads
        self._entries: OrderedDict[str, list[float]] = OrderedDict()

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take one of ``limit`` places, if one is free."""
        now = self._clock()
        with self._lock:
            within = self._recent(key, now - expiry)
            if len(within) >= limit:
                return False
            within.append(now)
            self._keep(key, within)
            return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the oldest entry was made, and how many there are."""
        now = self._clock()
        with self._lock:
            within = self._recent(key, now - expiry)
        return (within[0], len(within)) if within else (now, 0)

    async def give_back(self, key: str) -> None:
        """Free the place that was taken last."""
        with self._lock:
            within = self._entries.get(key, [])[:-1]
            self._keep(key, within)

    def _recent(self, key: str, since: float) -> list[float]:
        return [moment for moment in self._entries.get(key, ()) if moment >= since]

    def _keep(self, key: str, within: list[float]) -> None:
        self._entries.pop(key, None)
        if within:
            self._entries[key] = within
        if len(self._entries) > self._max_keys:
            self._entries.popitem(last=False)
