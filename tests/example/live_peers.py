"""People with sockets: what the tests of live messages share."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.example.processes import ADMIN, Running

PASSWORD = "correct horse battery"


def register(server: Running, name: str) -> int:
    """Make an account; returns its id."""
    body = {"email": f"{name}@example.com", "password": PASSWORD, "name": name}
    answer = httpx2.post(f"{server.url}/api/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def sign_in(server: Running, name: str) -> dict[str, str]:
    """Return the header that presents somebody's token."""
    return _sign_in(server, {"email": f"{name}@example.com", "password": PASSWORD})


def sign_in_admin(server: Running) -> dict[str, str]:
    return _sign_in(server, ADMIN)


def _sign_in(server: Running, account: dict[str, str]) -> dict[str, str]:
    answer = httpx2.post(f"{server.url}/api/auth/login", json=account)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@asynccontextmanager
async def opened(server: Running, headers: dict[str, str]) -> AsyncIterator[ClientConnection]:
    """Open a socket of somebody who is signed in."""
    async with connect(server.socket_url, additional_headers=headers, proxy=None) as socket:
        yield socket


async def hear(socket: ClientConnection, seconds: float = 10) -> dict[str, Any]:
    """Return the next message that a socket is sent."""
    async with asyncio.timeout(seconds):
        message: dict[str, Any] = json.loads(await socket.recv())
        return message


async def hear_text(socket: ClientConnection, seconds: float = 10) -> str:
    return str((await hear(socket, seconds))["text"])


async def closed(socket: ClientConnection, seconds: float = 10) -> tuple[int, str]:
    """Return code and reason with which the server ends a socket."""
    with pytest.raises(ConnectionClosed) as end:
        await _receive_to_the_end(socket, seconds)
    assert end.value.rcvd is not None, "it ended without a word"
    return end.value.rcvd.code, end.value.rcvd.reason


async def _receive_to_the_end(socket: ClientConnection, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while True:
            await socket.recv()
