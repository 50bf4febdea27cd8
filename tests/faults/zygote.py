"""Has everything imported, and forks one server for each line on its input.

A server that is killed is back within some ten milliseconds, so that a test can
kill many. What is forked has no threads and no event loop yet: it is as fresh
as a new interpreter, but for the imports.

A line is JSON: the address of the database, the port, and options of ``build``.
Prints ``ready PID`` once that server takes connections.
"""

import ctypes
import gc
import json
import os
import signal
import sys
from typing import Any

import aiomysql  # noqa: F401
import aiosqlite  # noqa: F401
import asyncpg  # noqa: F401
import uvicorn

from tests.faults.app import build, log_to_stderr

PR_SET_PDEATHSIG = 1


class Server(uvicorn.Server):
    """A server that says when it is there."""

    async def startup(self, *arguments: Any, **options: Any) -> None:
        await super().startup(*arguments, **options)
        os.write(1, f"ready {os.getpid()}\n".encode())


def serve(url: str, port: int, options: dict[str, Any]) -> None:
    """Be the server until the end."""
    log_to_stderr()
    config = uvicorn.Config(
        build(url, **options),
        host="127.0.0.1",
        port=port,
        loop="asyncio",
        http="h11",
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    Server(config).run()


def end_with_parent() -> None:
    """Ask Linux to kill this process when the one that forked it ends."""
    library = ctypes.CDLL(None)
    if hasattr(library, "prctl"):
        library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    gc.freeze()
    # the dead are not to be waited for
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            end_with_parent()
            os.close(0)
            try:
                serve(**json.loads(line))
            finally:
                sys.stderr.flush()
                os._exit(0)


if __name__ == "__main__":
    main()
