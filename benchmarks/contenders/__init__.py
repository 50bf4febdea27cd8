"""Which apps take part, and where their routes are.

A contender's module has ``app``, ``engine``, ``Base`` and ``User``; nothing else
is asked of it. Modules are imported by the processes that run the apps, never
here: each reads its database and its hash from the environment when imported.
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

_OWN_PYTHON: Final = (
    ROOT / ".venv/contenders/bin/python",
    ROOT / ".venv/contenders/Scripts/python.exe",
)

HOW_TO_INSTALL: Final = (
    "fastapi-users is not installed and left out. It needs an older SQLAlchemy than the rest, "
    'so it has an environment of its own: "make .venv/contenders/stamp" makes it, '
    "or name the Python that has it in BENCH_CONTENDERS_PYTHON."
)


@dataclass(frozen=True, kw_only=True)
class Contender:
    """An app to measure.

    Args:
        module: Where ``app`` is.
        me: Path of the signed-in user.
        claims: Path of a route that checks the token alone, if there is one.
        login: Path that takes ``username`` and ``password`` as a form.
        refresh: Path that takes ``refresh_token`` as JSON, if there is one.
        register: Path that takes ``email``, ``password`` and ``name`` as JSON.
        python: The interpreter that has what the app needs.
        environment: Variables of its own.
        against: Name of the contender that ratios are taken to.
    """

    name: str
    module: str
    me: str
    login: str
    register: str
    claims: str | None = None
    refresh: str | None = None
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    against: str = "bare"


BARE: Final = Contender(
    name="bare",
    module="benchmarks.bare",
    me="/me",
    claims="/me_nodb",
    login="/login_pair",
    refresh="/refresh",
    register="/register",
    # the general thread pool, as hand-written apps have it
    environment={"BENCH_HASH_THREADS": "0"},
)

BARE_WITH_POOL: Final = replace(
    BARE,
    name="bare-hashing-pool",
    environment={"BENCH_HASH_THREADS": str(os.cpu_count() or 1)},
)
"""The same with a thread for each core that does nothing but hash: as good as it gets by hand."""

KIT: Final = Contender(
    name="kit",
    module="benchmarks.contenders.kit",
    me="/users/me",
    claims="/claims",
    login="/auth/login",
    refresh="/auth/refresh",
    register="/auth/register",
)

EVERYTHING: Final = replace(
    KIT, name="kit-everything", module="benchmarks.contenders.kit_everything", against="kit"
)
"""The kit with every feature on; compared with the kit, see ``benchmarks.everything``."""


def others() -> tuple[Contender, ...]:
    """Return fastapi-users with both strategies, and ``bare`` beside it.

    fastapi-users asks for SQLAlchemy below 2.1, hence may have an environment of
    its own; its ratios are to ``bare`` in that environment. Empty: not installed.
    """
    python = _python_with_fastapi_users()
    if python is None:
        return ()
    bare = replace(BARE, name="bare-beside", python=python, against="bare-beside")
    jwt = Contender(
        name="fastapi-users-jwt",
        module="benchmarks.contenders.fastapi_users",
        me="/users/me",
        login="/auth/login",
        register="/auth/register",
        python=python,
        environment={"BENCH_STRATEGY": "jwt"},
        against=bare.name,
    )
    database = replace(
        jwt, name="fastapi-users-database", environment={"BENCH_STRATEGY": "database"}
    )
    return bare, jwt, database


def _python_with_fastapi_users() -> str | None:
    if importlib.util.find_spec("fastapi_users") is not None:
        return sys.executable
    named = os.environ.get("BENCH_CONTENDERS_PYTHON")
    for python in [Path(named)] if named else _OWN_PYTHON:
        if python.exists() and _has_fastapi_users(python):
            return str(python)
    return None


def _has_fastapi_users(python: Path) -> bool:
    outcome = subprocess.run(  # noqa: S603  # named by whoever runs us
        [python, "-c", "import fastapi_users, uvicorn, orjson"], check=False, capture_output=True
    )
    return outcome.returncode == 0
