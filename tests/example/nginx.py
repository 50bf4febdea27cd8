"""Debian's nginx with the example's ``nginx.conf``, without a privilege."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.example.server import FOLDER

SHIPPED = FOLDER / "nginx.conf"

_MAIN = """\
daemon off;
{user}
pid nginx.pid;
error_log error.log;
events {{}}
http {{
    access_log access.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include app.conf;
}}
"""


def nginx_program() -> str:
    """Return the program; skip the test where there is none, or fail it under REQUIRE_SERVERS."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("nginx", path=places)
    hidden = "nginx" in os.environ.get("TEST_HIDE", "").replace(",", " ").split()
    if found and not hidden:
        return found
    missing = "nginx not found; on Debian: apt-get install nginx"
    if os.environ.get("REQUIRE_SERVERS", "") not in ("", "0"):
        pytest.fail(f"{missing} (REQUIRE_SERVERS is set)", pytrace=False)
    pytest.skip(missing)


def shipped(*replacements: tuple[str, str]) -> str:
    """Return the shipped configuration with other ports and names; each must be in it."""
    text = SHIPPED.read_text()
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(folder: Path, configuration: str, *, port: int) -> Iterator[None]:
    """Run nginx in a folder of its own until the end of the block."""
    folder.mkdir(exist_ok=True)
    # workers of root's would be nobody's, who may not look into folders of tests
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_MAIN.format(user=user))
    (folder / "app.conf").write_text(configuration)
    command = [nginx_program(), "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait_for(port, process, folder)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        logs = "".join(
            log.read_text() for name in ("output", "error.log") if (log := folder / name).exists()
        )
        assert process.poll() is None, logs
        assert time.monotonic() < deadline, logs
        time.sleep(0.02)
