"""One worker process: the app of the tests behind uvicorn, on a socket it was given.

Usage: python -m tests.invariants.worker DATABASE_URL SOCKET_NUMBER POOL_SIZE

Ends when its standard input does, which is when the test run is over or was killed.
"""

import os
import sys
import threading
from typing import Any

import uvicorn
from fastapi import FastAPI

from fastauth_kit import AuthKit
from tests.kit_app import build_app


def main() -> None:
    url, descriptor, pool_size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

    def configure(app: FastAPI, auth: AuthKit[Any]) -> None:
        @app.post("/clock", include_in_schema=False)
        async def advance(seconds: float) -> None:
            kit_app.clock.advance(seconds=seconds)

    options = {"pool_size": pool_size, "max_overflow": 0}
    kit_app = build_app(url, engine_options=options, configure=configure)
    threading.Thread(target=_end_with_the_run, daemon=True).start()
    uvicorn.run(kit_app.app, fd=descriptor, log_level="warning", loop="asyncio")


def _end_with_the_run() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
