"""What is refused at start."""

from datetime import timedelta
from typing import Any

import pytest

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.throttling import Limit, MemoryStore
from fastauth_kit.features.throttling.redis_store import RedisStore

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("attempts", [0, -1])
def test_an_attempt_must_be_allowed(attempts: int) -> None:
    with pytest.raises(ConfigurationError, match="must be at least 1"):
        Limit(attempts, SECOND)


@pytest.mark.parametrize("per", [timedelta(0), SECOND / 2, 1.5 * SECOND, -SECOND])
def test_a_time_is_whole_seconds(per: timedelta) -> None:
    with pytest.raises(ConfigurationError, match="must be whole seconds"):
        Limit(1, per)


def test_the_least_that_is_allowed() -> None:
    assert Limit(1, SECOND).seconds == 1


def test_memory_has_room_for_one() -> None:
    MemoryStore(max_keys=1)
    with pytest.raises(ConfigurationError, match="max_keys"):
        MemoryStore(max_keys=0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"timeout": timedelta(0)}, "must be positive"),
        ({"pause": timedelta(0)}, "must be positive"),
        ({"max_connections": 0}, "must be 1 or more"),
        ({"max_keys": 0}, "must be 1 or more"),
        ({"url": "http://redis"}, "Redis URL must specify"),
        ({"url": ""}, "Redis URL must specify"),
    ],
)
def test_what_redis_cannot_be_asked_with(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        RedisStore(**{"url": "redis://127.0.0.1:6379", **options})
