"""One uvicorn worker with a contender: ``python -m benchmarks.serve MODULE``.

Says its port when it accepts connections, then its own use of the machine for
each line it reads. It ends when its input does, so it never outlives the run.
"""

import json
import re
import resource
import socket
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn

MIB = 1024 * 1024


def main(module: str) -> None:
    """Serve until the input ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    config = uvicorn.Config(
        import_module(module).app,
        lifespan="on",
        access_log=False,
        log_level="warning",
        # clients wait for their turn with their connections open
        timeout_keep_alive=600,
    )
    server = uvicorn.Server(config)
    threading.Thread(target=_answer, args=(server, listener), daemon=True).start()
    server.run(sockets=[listener])


def _answer(server: uvicorn.Server, listener: socket.socket) -> None:
    while not server.started and not server.should_exit:
        time.sleep(0.01)
    _say({"port": listener.getsockname()[1]})
    for _ in sys.stdin:
        _say(_usage())
    server.should_exit = True


def _usage() -> dict[str, Any]:
    """CPU seconds of all threads; MiB resident now (Linux alone tells) and at most."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "cpu": used.ru_utime + used.ru_stime,
        "resident": _resident(),
        "peak": used.ru_maxrss * unit / MIB,
    }


def _resident() -> float | None:
    rollup = Path("/proc/self/smaps_rollup")
    found = (
        re.search(r"^Rss:\s+(\d+) kB", rollup.read_text(), re.MULTILINE)
        if rollup.exists()
        else None
    )
    return int(found[1]) / 1024 if found else None


def _say(facts: dict[str, Any]) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
