"""The connection to Redis, if there is one."""

from functools import lru_cache

from redis.asyncio import Redis

from app.config import get_settings


@lru_cache
def get_redis() -> Redis | None:
    """Return the client that all of this process shares; ``None`` without ``REDIS_URL``."""
    url = get_settings().REDIS_URL
    if not url:
        return None
    return Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, decode_responses=True)


async def close_redis() -> None:
    """Give its connections back."""
    redis = get_redis()
    if redis is not None:
        await redis.aclose()
