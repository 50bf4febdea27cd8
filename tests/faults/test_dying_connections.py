"""A connection that dies under a statement, at the one place or the other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
from sqlalchemy import text

from tests.core.test_database_failures import CREDENTIALS, add_own_route, assert_unavailable
from tests.faults.backends import Backends
from tests.kit_app import KitApp, bearer

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)

LOCK = {
    "postgresql": "lock table int_users in access exclusive mode",
    "mariadb": "lock tables int_users write",
}


async def dying(
    kit_app: KitApp, kind: str, request: Callable[[], Awaitable[httpx2.Response]]
) -> httpx2.Response:
    """Send a request, and end the connection of its first statement meanwhile."""
    url = kit_app.engine.url.render_as_string(hide_password=False)
    backends = Backends(url)
    async with asyncio.timeout(20):
        async with locked(url, kind):
            answer = asyncio.ensure_future(request())
            while not (victims := await backends.waiting()):  # noqa: ASYNC110  # the server tells nobody
                await asyncio.sleep(0.005)
            for victim in victims:
                await backends.end(victim)
            await backends.wait_until_gone(victims)
        return await answer


@asynccontextmanager
async def locked(url: str, kind: str) -> AsyncIterator[None]:
    """Let nobody read the users meanwhile."""
    other = Backends(url)
    async with other.engine.execution_options(isolation_level="READ COMMITTED").connect() as own:
        await own.execute(text(LOCK[kind]))
        yield


@pytest.mark.parametrize("path", ["/api/users/me", "/own"])
async def test_nothing_is_raised_after_the_answer(
    make_app: Callable[..., KitApp], database_kind: str, path: str
) -> None:
    """An error there ends the client's connection, with its next request on it."""
    kit_app = make_app(configure=add_own_route)
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())

    async with kit_app.client(headers=headers) as client:
        answer = await dying(kit_app, database_kind, lambda: client.get(path))

    assert answer.status_code in {200, 503}


async def test_a_route_that_writes_is_tried_again_or_refused(
    make_app: Callable[..., KitApp], database_kind: str
) -> None:
    kit_app = make_app()
    await kit_app.add_user()

    async with kit_app.client() as client:
        answer = await dying(
            kit_app, database_kind, lambda: client.post("/api/auth/login", json=CREDENTIALS)
        )

    if answer.status_code != 200:
        assert_unavailable(answer)
