"""Throttling: limits on what can be guessed or abused.

``RedisStore`` is in ``features.throttling.redis_store``, because it needs redis-py.
"""

from fastauth_kit.features.throttling.feature import Throttling
from fastauth_kit.features.throttling.limits import Limit, Limits
from fastauth_kit.features.throttling.memory_store import MemoryStore
from fastauth_kit.features.throttling.store import Store

__all__ = ["Limit", "Limits", "MemoryStore", "Store", "Throttling"]
