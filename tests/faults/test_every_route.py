"""Every route there is, while the database is away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.faults.app import FaultyApp
from tests.faults.proxy import Line, Proxy
from tests.faults.test_broken_network import IMPATIENT, Wired, keep_back, wired
from tests.invariants.probes import BODIES
from tests.servers.queries import execute

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)


def operations(app: FaultyApp) -> Iterator[tuple[str, str, str]]:
    """Yield name, method and path of every operation that asks the database."""
    for path, methods in app.openapi()["paths"].items():
        for method, described in methods.items():
            yield described["operationId"], method, path


@pytest.fixture
async def wire(tables: str, database_kind: str) -> AsyncIterator[Wired]:
    """The same installation as for a broken network; its user is a superuser."""
    async with wired(tables, IMPATIENT[database_kind]) as those:
        execute(tables, "update int_users set is_superuser = true")
        yield those


def refuse(proxy: Proxy) -> None:
    proxy.refuses = True
    proxy.cut()


def drop(proxy: Proxy) -> None:
    """Leave the dead connections in the pool to be found."""

    def cut(line: Line, data: bytes) -> bool:
        line.cut()
        return False

    proxy.on_request = cut


def hang(proxy: Proxy) -> None:
    proxy.on_answer = keep_back


@pytest.mark.parametrize("break_it", [refuse, drop, hang])
async def test_every_route_answers_503_and_then_works_again(
    wire: Wired, break_it: Callable[[Proxy], None]
) -> None:
    session_id = wire.tokens["refresh_token"].split(".")[1]
    names = {"user_id": "1", "session_id": session_id}
    bodies = {**BODIES, "refresh": {"refresh_token": wire.tokens["refresh_token"]}}

    async def ask(name: str, method: str, path: str) -> tuple[str, int]:
        body = bodies.get(name)
        answer = await wire.send(method.upper(), path.format(**names), json=body)
        return name, answer.status_code

    asked = list(operations(wire.app))
    break_it(wire.proxy)
    # all at once: each may take as long as its driver waits
    answers = dict(await asyncio.gather(*(ask(*operation) for operation in asked)))
    wire.proxy.heal()

    assert len(asked) >= 17
    assert answers == dict.fromkeys(answers, 503)
    assert await wire.recovers("/own")
    assert await wire.recovers("/api/users/me")
