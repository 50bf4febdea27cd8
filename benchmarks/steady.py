"""Requests to an app in this process, for valgrind to count.

``python -m benchmarks.steady CONTENDER-AS-JSON SCENARIO,... WINDOWS REQUESTS``

No sockets and no server: what is counted is the app and the driver of its
database. Start and warm-up run uncounted, which is many times faster. Then windows
of as many requests each are set apart by calls of a C function that nobody else
calls; callgrind, told its name, writes the count so far to a file and begins anew.
"""

import json
import os
import subprocess
import sys
from importlib import import_module
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.loop import run
from benchmarks.scenarios import SCENARIOS, Request, Talk, address

MARKER = "sched_get_priority_max"
"""The C function."""

WARM_UP = 40
"""Enough for the interpreter to specialise, and for SQLAlchemy to fill its caches."""

RUN_UP = 2
"""Requests between the scenarios, after which one is steady again."""


def begin_counting() -> None:
    """Have valgrind count from here on; do nothing where there is none.

    vgdb comes with valgrind. It is heeded while the program runs, and needs no
    right to trace processes unless the program sleeps: hence the busy wait.
    """
    if not os.environ.get("BENCH_VALGRIND"):
        return
    command = ["vgdb", f"--pid={os.getpid()}", "instrumentation", "on"]
    with subprocess.Popen(  # noqa: S603  # valgrind's own
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as switch:
        while switch.poll() is None:
            pass
    if switch.returncode != 0:
        raise RuntimeError("vgdb could not switch valgrind's counting on")


def mark() -> None:
    """Have callgrind write down what it has counted, and begin at nought."""
    os.sched_get_priority_max(os.SCHED_OTHER)


class Client:
    """One user whose requests go straight into the app."""

    def __init__(self, app: Any, talk: Talk) -> None:
        self._app = app
        self._talk = talk
        self._request = next(talk)

    async def steps(self, number: int) -> None:
        for _ in range(number):
            self._request = self._talk.send(await ask(self._app, self._request))


async def ask(app: Any, request: Request) -> bytes:
    """Call the app as uvicorn would and return the body of the answer."""
    headers = [(b"host", b"bench"), *((k.encode(), v.encode()) for k, v in request.headers)]
    if request.body:
        headers.append((b"content-length", str(len(request.body)).encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 40000),
        "scheme": "http",
        "root_path": "",
        "method": request.method,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": b"",
        "headers": headers,
        "state": {},
    }
    sent = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 300:
            raise RuntimeError(f"{request.method} {request.path}: {message}")
        sent.extend(message.get("body", b""))

    await app(scope, receive, send)
    return bytes(sent)


async def main(contender: Contender, scenarios: list[str], windows: int, requests: int) -> None:
    app = import_module(contender.module).app
    account = address(0, os.environ["BENCH_ARGON2"])
    async with app.router.lifespan_context(app):
        clients = [Client(app, SCENARIOS[name](contender, account)) for name in scenarios]
        for client in clients:
            await client.steps(WARM_UP)
        begin_counting()
        for client in clients:
            await client.steps(RUN_UP)
            for _ in range(windows):
                mark()
                await client.steps(requests)
            mark()


if __name__ == "__main__":
    run(
        main(
            Contender(**json.loads(sys.argv[1])),
            sys.argv[2].split(","),
            int(sys.argv[3]),
            int(sys.argv[4]),
        )
    )
