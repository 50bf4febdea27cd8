"""A network between app and database that delays, cuts, stalls and refuses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.faults.app import FaultyApp, build
from tests.faults.forms import form, seeded
from tests.faults.proxy import Line, Proxy, proxy_before
from tests.faults.watch import Watch
from tests.kit_app import PASSWORD, bearer

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)

IMPATIENT: dict[str, dict[str, Any]] = {
    "postgresql": {
        "engine_options": {
            "pool_size": 20,
            "pool_timeout": 2,
            "connect_args": {"timeout": 2, "command_timeout": 1},
        }
    },
    # aiomysql has no limit for a statement
    "mariadb": {
        "engine_options": {
            "pool_size": 20,
            "pool_timeout": 2,
            "connect_args": {"connect_timeout": 2},
        },
        "limit_seconds": 2,
    },
}
"""The timeouts that docs/reliability.md speaks of, shorter."""

PATIENT: dict[str, Any] = {}
"""Where nothing hangs, and a busy machine is no fault."""

BOUND_SECONDS = 20
"""No answer takes longer; far beyond what those timeouts add up to."""

NEW = "another horse battery"
CREDENTIALS = {"email": "ada@example.com", "password": PASSWORD}


@dataclass
class Wired:
    """An app, a client of it, and the network to its database."""

    app: FaultyApp
    client: httpx2.AsyncClient
    proxy: Proxy
    tokens: dict[str, Any]
    watch: Watch

    async def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Send a request, signed in; the answer is checked for what none may hold."""
        async with asyncio.timeout(BOUND_SECONDS):
            answer = await self.client.request(method, path, headers=bearer(self.tokens), **options)
        self.watch.look(answer)
        return answer

    async def works(self, password: str) -> bool:
        """Whether this is the password now."""
        answer = await self.send(
            "POST", "/api/auth/login", json={**CREDENTIALS, "password": password}
        )
        assert answer.status_code in {200, 401}
        return answer.status_code == 200

    async def recovers(self, path: str) -> bool:
        """Wait until a request works again; nobody helps, and it has to be soon.

        What died in the pool is found out by the first to use it.
        """
        async with asyncio.timeout(BOUND_SECONDS):
            while (await self.send("GET", path)).status_code != 200:
                pass
        return self.app.engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    async def change_password(self) -> httpx2.Response:
        body = {"current_password": PASSWORD, "new_password": NEW}
        return await self.send("POST", "/api/auth/password/change", json=body)


@asynccontextmanager
async def wired(url: str, options: dict[str, Any]) -> AsyncIterator[Wired]:
    """Build an app behind a proxy, with one user who is signed in."""
    async with client_of(build(url)) as client:
        registered = await client.post("/api/auth/register", json=CREDENTIALS)
        assert registered.status_code == 201
        tokens = (await client.post("/api/auth/login", json=CREDENTIALS)).json()
    async with proxy_before(url) as (proxy, through):
        app = build(through, **options)
        async with client_of(app) as client:
            wire = Wired(app, client, proxy, tokens, Watch(secrets={PASSWORD, NEW}))
            # a first connection is asked more than the others
            await wire.recovers("/own")
            yield wire


@asynccontextmanager
async def client_of(app: FaultyApp) -> AsyncIterator[httpx2.AsyncClient]:
    """Open a client of an app, and close both."""
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        yield client
    await app.auth.aclose()
    await app.engine.dispose()


@pytest.fixture
async def wire(tables: str, database_kind: str) -> AsyncIterator[Wired]:
    async with wired(tables, IMPATIENT[database_kind]) as those:
        yield those


def keep_back(line: Line, data: bytes) -> bool:
    return False


def halve(wire: Wired, length: int, *, cut: bool) -> Callable[[Line, bytes], bool]:
    """Pass on so many bytes of answers; then hang up, or never say anything again."""
    passed = 0

    def half(line: Line, data: bytes) -> bool:
        nonlocal passed
        wire.proxy.pass_answer(line, data[: max(0, length - passed)])
        passed += len(data)
        if passed >= length and cut:
            line.cut()
        return False

    return half


async def test_a_slow_network_is_only_slow(wire: Wired) -> None:
    wire.proxy.delay_seconds = 0.05

    answers = [await wire.send("GET", "/own"), await wire.send("GET", "/api/users/me")]

    assert [answer.status_code for answer in answers] == [200, 200]


async def test_a_database_that_refuses_is_503_until_it_does_not(wire: Wired) -> None:
    wire.proxy.refuses = True
    wire.proxy.cut()
    refused = [
        await wire.send("GET", "/own"),
        await wire.send("GET", "/api/users/me"),
        await wire.send("POST", "/api/auth/login", json=CREDENTIALS),
    ]
    wire.proxy.heal()

    assert [answer.status_code for answer in refused] == [503, 503, 503]
    assert await wire.recovers("/own")


@pytest.mark.parametrize("path", ["/own", "/api/users/me"])
@pytest.mark.parametrize("silenced", ["on_request", "on_answer"])
async def test_a_connection_that_hangs_is_given_up(wire: Wired, path: str, silenced: str) -> None:
    setattr(wire.proxy, silenced, keep_back)
    hung = await wire.send("GET", path)
    wire.proxy.heal()

    assert hung.status_code == 503
    assert await wire.recovers(path)


async def test_many_hung_connections_do_not_stay_with_the_pool(wire: Wired) -> None:
    """More than it holds: the others wait for a place, also for a bounded time."""
    wire.proxy.on_answer = keep_back
    hung = await asyncio.gather(*(wire.send("GET", "/own") for _ in range(80)))
    wire.proxy.heal()

    assert {answer.status_code for answer in hung} == {503}
    assert await wire.recovers("/own")


@pytest.mark.parametrize("cut", [True, False])
async def test_half_an_answer_is_none(wire: Wired, cut: bool) -> None:
    random = seeded("half an answer")
    for length in random.sample(range(1, 400), form(short=2, long=40)):
        wire.proxy.on_answer = halve(wire, length, cut=cut)
        answer = await wire.send("POST", "/api/auth/login", json=CREDENTIALS)
        assert answer.status_code in {200, 503}, length
        wire.proxy.heal()
        answer = await wire.send("POST", "/api/auth/login", json=CREDENTIALS)
        # the connections that were cut just now may come to light only here
        assert answer.status_code in {200, 503}, length

    assert await wire.recovers("/own")


@pytest.mark.parametrize("path", ["/own", "/api/users/me"])
async def test_a_connection_that_dies_before_it_is_given_back_costs_nothing(
    wire: Wired, path: str
) -> None:
    """The answer has left by then; see ``get_session`` of the app."""
    rollbacks: list[Line] = []

    def cut_rollback(line: Line, data: bytes) -> bool:
        if b"ROLLBACK" not in data or rollbacks:
            return True
        rollbacks.append(line)
        line.cut()
        return False

    wire.proxy.on_request = cut_rollback
    answer = await wire.send("GET", path)

    assert answer.status_code == 200
    assert rollbacks


class Commits:
    """Fails at the first COMMIT, and counts them all."""

    def __init__(self, proxy: Proxy, *, arrives: bool, silent: bool) -> None:
        self.seen = 0
        self._arrives, self._silent = arrives, silent
        self._failed: Line | None = None
        proxy.on_request = self._request
        proxy.on_answer = self._answer

    def _request(self, line: Line, data: bytes) -> bool:
        if b"COMMIT" not in data:
            return True
        self.seen += 1
        if self._failed is not None:
            return True
        self._failed = line
        if not self._arrives and not self._silent:
            line.cut()
        return self._arrives

    def _answer(self, line: Line, data: bytes) -> bool:
        if line is not self._failed:
            return True
        if not self._silent:
            line.hang_up_on_client()
        return False


@pytest.mark.parametrize("silent", [False, True], ids=["cut", "hung"])
@pytest.mark.parametrize("arrives", [True, False], ids=["question arrives", "question is lost"])
async def test_a_commit_that_is_not_answered_is_never_sent_again(
    wire: Wired, arrives: bool, silent: bool
) -> None:
    """Whether it happened is for the client to find out: either, never half."""
    commits = Commits(wire.proxy, arrives=arrives, silent=silent)
    answer = await wire.change_password()
    wire.proxy.heal()

    assert answer.status_code == 503
    assert commits.seen == 1
    assert await _settled(wire) is arrives


async def _settled(wire: Wired) -> bool:
    """Return whether the change was made, when the server knows itself.

    A transaction whose client is gone keeps its locks until the server notices.
    """
    async with asyncio.timeout(BOUND_SECONDS):
        while True:
            try:
                new, old = await wire.works(NEW), await wire.works(PASSWORD)
            except AssertionError:  # 503 from a connection that died meanwhile
                continue
            assert not (new and old)
            if new or old:
                return new
