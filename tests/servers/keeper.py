"""Keep one server running for as long as the test run lives.

Started as a script by ``launch.py``, with the writing end of its standard input
in the hands of the test run. When that end closes, because the run is over or
because it was killed, the server is stopped and its directory removed.

Usage: keeper.py DIRECTORY UID GID COMMAND [ARGUMENT ...]
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

STOP_SECONDS = 10


def main() -> int:
    directory = Path(sys.argv[1])
    uid, gid = int(sys.argv[2]), int(sys.argv[3])
    changes_user = uid != os.geteuid()
    with (directory / "log").open("ab") as log:
        server = subprocess.Popen(
            sys.argv[4:],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            user=uid if changes_user else None,
            group=gid if changes_user else None,
            extra_groups=[] if changes_user else None,
        )
    abandoned = threading.Event()
    stopping = threading.Thread(
        target=_stop_when_abandoned, args=(server, directory, abandoned), daemon=True
    )
    stopping.start()
    status = server.wait()
    if abandoned.is_set():
        stopping.join()
    # else it ended by itself: leave the directory, the log in it says why
    return status


def _stop_when_abandoned(
    server: "subprocess.Popen[bytes]", directory: Path, abandoned: threading.Event
) -> None:
    sys.stdin.buffer.read()
    abandoned.set()
    # SIGINT: PostgreSQL's "fast" shutdown; Valkey takes it like SIGTERM.
    server.send_signal(signal.SIGINT)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
