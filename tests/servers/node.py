"""Find Node.js: other services are written in its language too."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.servers.launch import CannotStart

INSTALL_SECONDS = 120


class MissingNode(CannotStart):
    """Node.js or npm is not installed, or a package could not be had."""


def installed_node() -> tuple[str, str]:
    """Return the programs ``node`` and ``npm``.

    Raises:
        MissingNode: One of them is not there.
    """
    if "node" in os.environ.get("TEST_HIDE", "").replace(",", " ").split():
        raise MissingNode("Node.js is hidden by TEST_HIDE")
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise MissingNode("Node.js is not installed; on Debian: apt-get install nodejs npm")
    return node, npm


def install_packages(folder: Path) -> None:
    """Install what the lock file of a folder names, without running scripts of theirs.

    Raises:
        MissingNode: npm could not.
    """
    _, npm = installed_node()
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode != 0:
        raise MissingNode(f"npm ci failed: {done.stderr.strip()}")
