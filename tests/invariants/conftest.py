"""What the tests of the invariants share."""

from collections.abc import Callable

import pytest

from tests.invariants.crowd import crowd_options, open_connections, take_snapshots
from tests.kit_app import KitApp


@pytest.fixture
def isolation(request: pytest.FixtureRequest) -> str:
    """How strict the transactions are; see ``EVERY_DATABASE``."""
    return str(getattr(request, "param", "usual"))


@pytest.fixture
async def crowd_app(make_app: Callable[..., KitApp], isolation: str) -> KitApp:
    """An installation with a connection for each of a crowd."""
    kit_app = make_app(engine_options=crowd_options(isolation))
    if isolation == "snapshot":
        take_snapshots(kit_app.engine)
    return kit_app


@pytest.fixture
async def warm_app(crowd_app: KitApp) -> KitApp:
    """The same, with some connections open already."""
    await open_connections(crowd_app, 4)
    return crowd_app
