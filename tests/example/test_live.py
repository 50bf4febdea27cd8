"""Live messages of the example app: real servers, real sockets."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from tests.example.live_peers import (
    closed,
    hear,
    hear_text,
    opened,
    register,
    sign_in,
    sign_in_admin,
)
from tests.example.processes import Running, serving

RECHECK_SECONDS = 0.5
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server without Redis, with the limit of frames that the README recommends."""
    with serving(
        tmp_path_factory.mktemp("live"),
        options=["--ws-max-size", "65536"],
        WS_RECHECK_SECONDS=str(RECHECK_SECONDS),
    ) as running:
        yield running
        assert "Traceback" not in running.output()


@pytest.fixture
def ada(server: Running) -> dict[str, str]:
    """Somebody of this test alone, signed in."""
    name = f"ada{next(NUMBERS)}"
    register(server, name)
    return {"name": name, **sign_in(server, name)}


def bearer(person: dict[str, str]) -> dict[str, str]:
    return {"Authorization": person["Authorization"]}


async def _refused(server: Running, path: str = "/ws", **options: object) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        await connect(f"ws://127.0.0.1:{server.port}{path}", proxy=None, **options)  # type: ignore[arg-type]
    return refusal.value.response.status_code


# -- opening ---------------------------------------------------------------------------


async def test_everybody_hears_who_said_what(server: Running, ada: dict[str, str]) -> None:
    async with opened(server, bearer(ada)) as one, opened(server, bearer(ada)) as other:
        await one.send("hello \u0000 \N{DUCK}")

        heard = [await hear(one), await hear(other)]

    assert [message["text"] for message in heard] == ["hello \u0000 \N{DUCK}"] * 2
    assert {message["author"]["name"] for message in heard} == {ada["name"]}


async def test_browsers_bring_the_token_as_a_subprotocol(
    server: Running, ada: dict[str, str]
) -> None:
    token = ada["Authorization"].removeprefix("Bearer ")
    offered = [Subprotocol("fastauth-kit.bearer"), Subprotocol(token)]

    async with connect(server.socket_url, subprotocols=offered, proxy=None) as socket:
        assert socket.subprotocol == "fastauth-kit.bearer"
        await socket.send("hello")
        assert await hear_text(socket) == "hello"


async def test_a_token_in_the_url_opens_nothing(server: Running, ada: dict[str, str]) -> None:
    token = ada["Authorization"].removeprefix("Bearer ")

    refused = await _refused(server, f"/ws?token={token}&access_token={token}")

    assert refused == 403


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer bad"}])
async def test_strangers_are_refused(server: Running, headers: dict[str, str]) -> None:
    assert await _refused(server, additional_headers=headers) == 403


async def test_one_user_opens_twenty_sockets_and_no_more(
    server: Running, ada: dict[str, str]
) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(server, bearer(ada))) for _ in range(20)]
        refused = await _refused(server, additional_headers=bearer(ada))
        await sockets[0].close()
        async with asyncio.timeout(10):
            while True:  # the server hears of the end a moment later
                try:
                    await stack.enter_async_context(opened(server, bearer(ada)))
                    break
                except InvalidStatus:
                    await asyncio.sleep(0.02)

    assert refused == 403


# -- what may be said ------------------------------------------------------------------


async def test_a_long_message_ends_the_socket(server: Running, ada: dict[str, str]) -> None:
    async with opened(server, bearer(ada)) as socket:
        await socket.send("x" * 4096)
        assert await hear_text(socket) == "x" * 4096
        await socket.send("x" * 4097)

        assert await closed(socket) == (1009, "message_too_big")


async def test_the_server_reads_no_huge_frame(server: Running, ada: dict[str, str]) -> None:
    async with opened(server, bearer(ada)) as socket:
        await socket.send("x" * 70_000)

        assert (await closed(socket))[0] == 1009


async def test_bytes_are_not_text(server: Running, ada: dict[str, str]) -> None:
    async with opened(server, bearer(ada)) as socket:
        await socket.send(b"hello")

        assert await closed(socket) == (1003, "text_only")


@pytest.mark.parametrize("data", [b"\xff\xfe", "\ud800".encode("utf-8", "surrogatepass")])
async def test_what_is_no_utf8_ends_the_socket(
    server: Running, ada: dict[str, str], data: bytes
) -> None:
    async with opened(server, bearer(ada)) as socket:
        frame = Frame(Opcode.TEXT, data).serialize(mask=True)
        socket.transport.write(frame)

        assert (await closed(socket))[0] == 1007


async def test_whoever_talks_too_much_is_cut_off(server: Running, ada: dict[str, str]) -> None:
    async with opened(server, bearer(ada)) as socket:
        for _ in range(20):
            await socket.send("again")

        assert await closed(socket) == (1008, "too_many_messages")


# -- how long it lasts -----------------------------------------------------------------

SECONDS = 20 * RECHECK_SECONDS


async def test_logout_ends_a_socket_that_says_nothing(server: Running, ada: dict[str, str]) -> None:
    async with opened(server, bearer(ada)) as socket:
        httpx2.post(f"{server.url}/api/auth/logout", headers=bearer(ada)).raise_for_status()

        assert await closed(socket, SECONDS) == (1008, "session_over")


async def test_revocation_ends_the_sockets_of_that_session_only(
    server: Running, ada: dict[str, str]
) -> None:
    elsewhere = sign_in(server, ada["name"])
    async with opened(server, bearer(ada)) as here, opened(server, elsewhere) as there:
        httpx2.delete(f"{server.url}/api/auth/sessions", headers=bearer(ada)).raise_for_status()

        assert await closed(there, SECONDS) == (1008, "session_over")
        await here.send("still here")
        assert await hear_text(here) == "still here"


@pytest.mark.parametrize("what", ["deactivated", "deleted"])
async def test_an_account_that_is_gone_has_no_sockets(
    server: Running, ada: dict[str, str], what: str
) -> None:
    admin = sign_in_admin(server)
    me = httpx2.get(f"{server.url}/api/users/me", headers=bearer(ada)).json()
    async with opened(server, bearer(ada)) as socket:
        user = f"{server.url}/api/users/{me['id']}"
        if what == "deactivated":
            answer = httpx2.patch(user, json={"is_active": False}, headers=admin)
        else:
            answer = httpx2.delete(user, headers=admin)
        answer.raise_for_status()

        assert await closed(socket, SECONDS) == (1008, "session_over")


# -- dead and slow peers ---------------------------------------------------------------


async def test_a_peer_that_died_without_a_word_stops_nobody(
    server: Running, ada: dict[str, str]
) -> None:
    async with AsyncExitStack() as stack:
        living = await stack.enter_async_context(opened(server, bearer(ada)))
        for _ in range(5):
            dead = await connect(server.socket_url, additional_headers=bearer(ada), proxy=None)
            dead.transport.abort()
            await living.send("hello")
            assert await hear_text(living, 2) == "hello"


async def test_the_server_ends_with_sockets_open(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        register(server, "ada")
        async with opened(server, sign_in(server, "ada")) as socket:
            began = time.monotonic()
            await asyncio.to_thread(server.stop, 20)

            assert (await closed(socket))[0] == 1012
            assert time.monotonic() - began < 10
        assert "Traceback" not in server.output()
