"""Both stores."""

from collections.abc import Callable

import pytest

from fastauth_kit.features.throttling import MemoryStore, Store, Throttling
from fastauth_kit.features.throttling.redis_store import RedisStore
from tests.kit_app import KitApp


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    """Run the test once over each store. Installations close it when they are closed."""
    if request.param == "memory":
        return MemoryStore()
    url: str = request.getfixturevalue("redis_url")
    prefix: str = request.getfixturevalue("redis_prefix")
    return RedisStore(url, prefix=prefix)


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp], store: Store) -> KitApp:
    """An installation that throttles as it does by default."""
    return make_app(more_features=(Throttling(store=store),))
