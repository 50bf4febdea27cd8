"""Open sockets hold no connection to the database."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
from websockets.asyncio.client import connect

from tests.example.live_peers import closed, hear_text, opened, register, sign_in
from tests.example.processes import serving

PROGRAM = [str(Path(__file__).with_name("small_pool.py"))]


async def test_twenty_sockets_leave_the_one_connection_to_others(
    fresh_database_url: str, tmp_path: Path
) -> None:
    settings = {"DATABASE_URL": fresh_database_url, "WS_RECHECK_SECONDS": "0.2"}
    with serving(tmp_path, program=PROGRAM, **settings) as server:
        register(server, "ada")
        headers = sign_in(server, "ada")
        async with AsyncExitStack() as stack, httpx2.AsyncClient() as client:
            sockets = [await stack.enter_async_context(opened(server, headers)) for _ in range(20)]

            # each asks the database five times a second whether it may stay
            for _ in range(20):
                me = await client.get(f"{server.url}/api/users/me", headers=headers)
                assert me.status_code == 200, me.text
                await asyncio.sleep(0.05)
            await sockets[0].send("hello")
            assert [await hear_text(socket) for socket in sockets] == ["hello"] * 20

            await client.post(f"{server.url}/api/auth/logout", headers=headers)
            ends = await asyncio.gather(*(closed(socket, 20) for socket in sockets))

        assert ends == [(1008, "session_over")] * 20
        assert "Traceback" not in server.output()


async def test_sockets_that_end_in_the_middle_of_a_question_give_it_back(
    fresh_database_url: str, tmp_path: Path
) -> None:
    settings = {"DATABASE_URL": fresh_database_url, "WS_RECHECK_SECONDS": "0.001"}
    with serving(tmp_path, program=PROGRAM, **settings) as server:
        register(server, "ada")
        headers = sign_in(server, "ada")
        for number in range(60):
            socket = await connect(server.socket_url, additional_headers=headers, proxy=None)
            await asyncio.sleep(number / 10_000)
            socket.transport.abort()

        async with httpx2.AsyncClient() as client:
            me = await client.get(f"{server.url}/api/users/me", headers=headers)
        assert me.status_code == 200, me.text
        assert "Traceback" not in server.output()
