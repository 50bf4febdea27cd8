"""``make bench``: CPU per request of the kit, as a ratio to the hand-written app.

Both apps run in this process, on the same database, without sockets, in
interleaved rounds. Ratios carry over to other machines, times do not.
``python -m benchmarks URL ...`` measures other databases than SQLite.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

ROUNDS = 7
REQUESTS = 300
CHEAP_HASH = "8,1,1"

Request = Callable[[], Awaitable[httpx2.Response]]


@dataclass(frozen=True)
class Contest:
    """One thing that both apps do."""

    name: str
    bare: Request
    kit: Request


def main(urls: list[str]) -> None:
    """Measure each database in a process of its own: engines are made on import."""
    if os.environ.get("BENCH_DATABASE_URL"):
        asyncio.run(_measure())
        return
    with tempfile.TemporaryDirectory() as folder:
        for url in urls or [f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"]:
            print(f"\n{url.partition(':')[0]}: CPU of the kit / CPU of bare, per request")
            os.environ["BENCH_DATABASE_URL"] = url
            os.environ.setdefault("BENCH_SECRET", "a secret for benchmarks, of 32 bytes and more")
            os.environ.setdefault("BENCH_ARGON2", CHEAP_HASH)
            os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-m", "benchmarks"])


async def _measure() -> None:
    from benchmarks import bare, kit

    async with (
        bare.lifespan(bare.app),
        kit.lifespan(kit.app),
        _client(bare.app) as bare_client,
        _client(kit.app) as kit_client,
    ):
        for contest in await _contests(bare_client, kit_client):
            await _run(contest)


def _client(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://bench")


async def _contests(bare: httpx2.AsyncClient, kit: httpx2.AsyncClient) -> list[Contest]:
    account = {"email": f"ada{time.time_ns()}@example.com", "password": "correct horse battery"}
    form = {"username": account["email"], "password": account["password"]}
    for client, path in ((bare, "/register"), (kit, "/auth/register")):
        (await client.post(path, json=account)).raise_for_status()
    bare_tokens = (await bare.post("/login_pair", data=form)).json()
    kit_tokens = (await kit.post("/auth/login", data=form)).json()
    bare_headers, kit_headers = _bearer(bare_tokens), _bearer(kit_tokens)
    return [
        Contest(
            "GET /users/me against /me",
            lambda: bare.get("/me", headers=bare_headers),
            lambda: kit.get("/users/me", headers=kit_headers),
        ),
        Contest(
            "claims against /me_nodb",
            lambda: bare.get("/me_nodb", headers=bare_headers),
            lambda: kit.get("/claims", headers=kit_headers),
        ),
        Contest(
            "POST /auth/login against /login_pair",
            lambda: bare.post("/login_pair", data=form),
            lambda: kit.post("/auth/login", data=form),
        ),
        Contest(
            "POST /auth/refresh against /refresh",
            _refreshing(bare, "/refresh", bare_tokens),
            _refreshing(kit, "/auth/refresh", kit_tokens),
        ),
    ]


def _bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def _refreshing(client: httpx2.AsyncClient, path: str, tokens: dict[str, Any]) -> Request:
    latest = {"refresh_token": tokens["refresh_token"]}

    async def refresh() -> httpx2.Response:
        answer = await client.post(path, json=latest)
        latest["refresh_token"] = answer.json()["refresh_token"]
        return answer

    return refresh


async def _run(contest: Contest) -> None:
    ratios: list[float] = []
    for _ in range(ROUNDS):
        bare = await _cpu_seconds(contest.bare)
        ratios.append(await _cpu_seconds(contest.kit) / bare)
    print(
        f"  {contest.name:40} {statistics.median(ratios):5.2f}"
        f"   ({min(ratios):.2f} to {max(ratios):.2f})",
        flush=True,
    )


async def _cpu_seconds(request: Request) -> float:
    (await request()).raise_for_status()
    began = time.process_time()
    for _ in range(REQUESTS):
        (await request()).raise_for_status()
    return (time.process_time() - began) / REQUESTS


if __name__ == "__main__":
    main(sys.argv[1:])
