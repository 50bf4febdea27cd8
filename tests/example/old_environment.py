"""The environment of fastapi-users, which needs an older SQLAlchemy than the rest.

``make test`` makes it. ``BENCH_CONTENDERS_PYTHON`` names another one, as for the
benchmarks.
"""

import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.contenders import ROOT


def old_python() -> str:
    """Return its interpreter; skips the test without it, or fails where all is required."""
    named = os.environ.get("BENCH_CONTENDERS_PYTHON")
    python = Path(named) if named else ROOT / ".venv/contenders/bin/python"
    if not _has_fastapi_users(python):
        reason = f'{python} has no fastapi-users; "make .venv/contenders/stamp" makes it'
        if os.environ.get("REQUIRE_SERVERS", "") not in ("", "0"):
            pytest.fail(f"{reason} (REQUIRE_SERVERS is set)", pytrace=False)
        pytest.skip(reason)
    return str(python)


def _has_fastapi_users(python: Path) -> bool:
    if not python.is_file():
        return False
    looking = [str(python), "-c", "import fastapi_users, fastapi_users_db_sqlalchemy"]
    return subprocess.run(looking, capture_output=True, check=False).returncode == 0
