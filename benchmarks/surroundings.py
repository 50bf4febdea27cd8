"""Where and when figures were measured."""

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks.databases import Database
from benchmarks.rows import CORES

PACKAGES: Final = (
    "fastapi",
    "starlette",
    "pydantic",
    "sqlalchemy",
    "pyjwt",
    "argon2-cffi",
    "aiosqlite",
    "asyncpg",
    "uvicorn",
    "uvloop",
    "httptools",
)


def surroundings(databases: Sequence[Database]) -> dict[str, str]:
    """Return what figures depend on, in words."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": _machine(),
        "load at the start": _load(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "databases": ", ".join(database.product for database in databases),
        "packages": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "valgrind": _valgrind(),
    }


def _machine() -> str:
    return f"{CORES} cores ({_processor()}), {platform.system()} {platform.release()}"


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _load() -> str:
    if not hasattr(os, "getloadavg"):
        return "unknown"
    return f"{os.getloadavg()[0]:.1f} (average of a minute)"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _valgrind() -> str:
    program = shutil.which("valgrind")
    if program is None:
        return "not installed"
    told = subprocess.check_output([program, "--version"], text=True)  # noqa: S603  # valgrind
    return told.strip()
