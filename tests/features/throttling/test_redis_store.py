"""Redis: shared by processes, and away sometimes."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import redis

from fastauth_kit.features.throttling import Throttling
from fastauth_kit.features.throttling.redis_store import RedisStore
from tests.features.throttling.tries import ADA, log_in, statuses
from tests.kit_app import PASSWORD, KitApp

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

NOWHERE = "redis://127.0.0.1:1"
"""A port that nobody listens on."""

PASSWORD_IN_URL = "a-password-of-redis"


@pytest.fixture
def app_with(make_app: Callable[..., KitApp], redis_prefix: str) -> Callable[..., KitApp]:
    """Builds installations, which close their store when they are closed."""

    def build(url: str, **options: Any) -> KitApp:
        store = RedisStore(url, prefix=redis_prefix, **options)
        return make_app(more_features=(Throttling(store=store),))

    return build


async def test_two_processes_share_the_counts(
    app_with: Callable[..., KitApp], redis_url: str
) -> None:
    one, other = app_with(redis_url), app_with(redis_url)

    assert await statuses(one, 3) == [401] * 3
    assert await statuses(other, 3) == [401, 401, 429]


async def test_no_key_tells_who_it_is_about(
    app_with: Callable[..., KitApp], redis_url: str, redis_prefix: str
) -> None:
    kit_app = app_with(redis_url)
    await statuses(kit_app, 1)

    with redis.Redis.from_url(redis_url) as client:
        keys = b" ".join(client.scan_iter(match=f"{redis_prefix}*"))
    assert keys.count(redis_prefix.encode()) == 4
    assert b"ada" not in keys
    assert b"203.0" not in keys


async def test_keys_expire(
    app_with: Callable[..., KitApp], redis_url: str, redis_prefix: str
) -> None:
    kit_app = app_with(redis_url)
    await statuses(kit_app, 1)

    with redis.Redis.from_url(redis_url) as client:
        ttls: Any = [client.ttl(key) for key in client.scan_iter(match=f"{redis_prefix}*")]
    assert sorted(round(ttl, -1) for ttl in ttls) == [60, 900, 3600, 86400]


async def test_while_redis_is_away_each_process_counts_for_itself(
    app_with: Callable[..., KitApp],
) -> None:
    kit_app = app_with(NOWHERE)
    await kit_app.add_user()

    assert await statuses(kit_app, 6) == [401] * 5 + [429]
    assert await statuses(app_with(NOWHERE), 1) == [401]


async def test_good_logins_are_given_back_then_too(app_with: Callable[..., KitApp]) -> None:
    kit_app = app_with(NOWHERE)
    await kit_app.add_user()

    assert await statuses(kit_app, 8, PASSWORD) == [200] * 8


async def test_it_is_said_once_and_without_the_password(
    app_with: Callable[..., KitApp], caplog: pytest.LogCaptureFixture
) -> None:
    kit_app = app_with(NOWHERE.replace("//", f"//:{PASSWORD_IN_URL}@"))
    with caplog.at_level(logging.DEBUG, "fastauth_kit"):
        for _ in range(4):
            await statuses(kit_app, 1)
            kit_app.clock.advance(seconds=6)

    assert caplog.text.count("Redis is away") == 1
    assert PASSWORD_IN_URL not in caplog.text


class Wire:
    """Stands between the app and Redis; may be cut, or swallow everything."""

    def __init__(self, url: str) -> None:
        parts: Any = redis.connection.parse_url(url)
        self._target = (parts["host"], parts["port"])
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.silent = False
        self.accepted = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writers.clear()
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task: Any = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        back, forth = await asyncio.open_connection(*self._target)
        self._writers += [writer, forth]
        try:
            await asyncio.gather(self._pump(reader, forth), self._pump(back, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in (writer, forth):
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            if not self.silent:
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def wire(redis_url: str) -> AsyncIterator[Wire]:
    wire = Wire(redis_url)
    await wire.open()
    yield wire
    await wire.cut()


async def test_redis_may_go_and_come_back(
    app_with: Callable[..., KitApp], wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    kit_app = app_with(f"redis://127.0.0.1:{wire.port}")
    assert await statuses(kit_app, 3) == [401] * 3
    await wire.cut()
    assert await statuses(kit_app, 6) == [401] * 5 + [429]  # its own count begins
    await wire.open()
    assert await statuses(kit_app, 1) == [429]  # it has not looked again yet

    kit_app.clock.advance(seconds=5)

    assert await statuses(kit_app, 3) == [401, 401, 429]  # Redis remembers the first three
    assert [record.message for record in caplog.records if "Redis" in record.message] == [
        "throttling: Redis is away (ConnectionError); counting in memory",
        "throttling: Redis is back",
    ]


async def test_a_redis_that_hangs_stalls_one_attempt_and_briefly(
    app_with: Callable[..., KitApp], wire: Wire
) -> None:
    kit_app = app_with(f"redis://127.0.0.1:{wire.port}", timeout=timedelta(seconds=0.2))
    assert await statuses(kit_app, 1) == [401]
    wire.silent = True
    loop = asyncio.get_running_loop()
    begun = loop.time()

    assert await statuses(kit_app, 6) == [401] * 5 + [429]

    assert loop.time() - begun < 2


async def test_a_redis_that_hung_is_believed_again(
    app_with: Callable[..., KitApp], wire: Wire
) -> None:
    """No answer that came late is taken for that to another question."""
    kit_app = app_with(f"redis://127.0.0.1:{wire.port}", timeout=timedelta(seconds=0.2))
    assert await statuses(kit_app, 4) == [401] * 4
    wire.silent = True
    await asyncio.gather(*(log_in(kit_app, email=f"user{n}@example.com") for n in range(5)))
    wire.silent = False
    kit_app.clock.advance(seconds=5)

    assert await statuses(kit_app, 2) == [401, 429]
    assert await statuses(kit_app, 6, email="bob@example.com") == [401] * 5 + [429]


async def test_a_crowd_is_no_outage(
    app_with: Callable[..., KitApp], redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """However late the event loop comes, and however few connections there are."""
    kit_app = app_with(redis_url, max_connections=1, timeout=timedelta(seconds=0.5))

    async def block() -> None:
        for _ in range(4):
            time.sleep(0.2)  # noqa: ASYNC251  # being late is what it is for
            await asyncio.sleep(0)

    answers, _ = await asyncio.gather(
        asyncio.gather(*(log_in(kit_app, "not the password") for _ in range(60))), block()
    )

    assert [answer.status_code for answer in answers].count(401) == 5
    assert "Redis is away" not in caplog.text


async def test_who_gives_up_waiting_leaves_nothing_behind(
    app_with: Callable[..., KitApp], wire: Wire
) -> None:
    kit_app = app_with(f"redis://127.0.0.1:{wire.port}", timeout=timedelta(seconds=30))
    await statuses(kit_app, 1)
    wire.silent = True
    waiting = asyncio.create_task(log_in(kit_app))
    await asyncio.wait({waiting}, timeout=0.1)
    waiting.cancel()
    await asyncio.wait({waiting})
    wire.silent = False

    assert waiting.cancelled()
    assert await statuses(kit_app, 1) == [401]


async def test_while_it_is_away_one_attempt_in_a_while_looks_again(
    app_with: Callable[..., KitApp], wire: Wire
) -> None:
    kit_app = app_with(f"redis://127.0.0.1:{wire.port}", timeout=timedelta(seconds=0.1))
    wire.silent = True
    await asyncio.gather(*(log_in(kit_app, email=f"user{n}@example.com") for n in range(5)))
    kit_app.clock.advance(seconds=5)
    before = wire.accepted

    await asyncio.gather(*(log_in(kit_app, email=f"user{n}@example.com") for n in range(5)))

    assert wire.accepted - before == 1


async def test_a_redis_that_refuses_is_as_good_as_away(
    app_with: Callable[..., KitApp], redis_url: str, redis_prefix: str
) -> None:
    """Out of memory, read-only, or as here: somebody else's keys."""
    kit_app = app_with(redis_url)
    await statuses(kit_app, 1)
    with redis.Redis.from_url(redis_url) as client:
        for key in client.scan_iter(match=f"{redis_prefix}*"):
            client.set(key, "not a list")

    assert await statuses(kit_app, 6) == [401] * 5 + [429]


def test_each_event_loop_has_connections_of_its_own(
    app_with: Callable[..., KitApp], redis_url: str
) -> None:
    """A script runs a loop for each call."""
    kit_app = app_with(redis_url)

    async def try_once() -> list[int]:
        found = await statuses(kit_app, 1)
        await kit_app.auth.aclose()
        return found

    assert [asyncio.run(try_once()) for _ in range(6)] == [[401]] * 5 + [[429]]


async def test_closing_twice_closes_once(app_with: Callable[..., KitApp], redis_url: str) -> None:
    kit_app = app_with(redis_url)
    await statuses(kit_app, 1, email=ADA)
    await kit_app.auth.aclose()
    await kit_app.auth.aclose()

    assert await statuses(kit_app, 1) == [401]
