"""What the tests of faults share."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from tests.faults.cluster import Cluster, cluster
from tests.faults.server import Servers, servers
from tests.kit_app import create_tables


@pytest.fixture(scope="module")
def app_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Starts, stops and kills servers of ``tests.faults.app``."""
    with servers(tmp_path_factory.mktemp("servers") / "log") as those:
        yield those


@pytest.fixture
async def app_server(app_servers: Servers) -> AsyncIterator[Servers]:
    """The same; whatever still runs after the test is stopped."""
    yield app_servers
    if app_servers.pid is not None:
        await app_servers.kill()


@pytest.fixture(scope="module")
async def private_postgresql() -> AsyncIterator[Cluster]:
    """A PostgreSQL that nobody else uses, with every table."""
    with cluster() as own:
        engine = create_async_engine(own.url)
        await create_tables(engine)
        await engine.dispose()
        yield own
