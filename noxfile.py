"""The suite over the versions that are promised.

``make matrix`` runs all of it, ``make lowest`` the short form that ``make check``
has. Pythons that this machine does not have are skipped, and named at the end.
More arguments go to pytest: ``make matrix ARGS="tests/core -k sqlite"``.
"""

import os
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PYPROJECT = ROOT / "pyproject.toml"
EXTRAS = ".[sqlite,postgres,mysql,mail,throttling,redis,cli,demo,sqlmodel,testing]"
# the test kit's pytest is an older one than these tests want
HELD_DOWN = [
    f"--extra={extra}"
    for extra in nox.project.load_toml(PYPROJECT)["project"]["optional-dependencies"]
    if extra != "testing"
]
CLASSIFIER = "Programming Language :: Python :: 3."
PYTHONS = [
    line.rpartition(" ")[2]
    for line in nox.project.load_toml(PYPROJECT)["project"]["classifiers"]
    if line.startswith(CLASSIFIER)
]
# pydantic 2.11 would have to be built from Rust
FIRST_WITHOUT_WHEELS = (3, 14)
SUITE = ("tests/core", "tests/features", "tests/surfaces", "tests/test_smoke.py")
SHORT = (
    "tests/test_smoke.py",
    "tests/test_callers.py",
    "tests/core/test_store.py",
    "tests/core/test_models.py",
    "tests/core/test_problems.py",
    "tests/features/accounts/test_register.py",
    "tests/features/sessions/test_refresh.py",
    "tests/features/mail/test_routers_of_flows.py",
    "tests/surfaces/cli/test_command.py",
    "tests/surfaces/cli/test_keys.py",
    "tests/surfaces/cli/test_users.py",
    "tests/surfaces/sqlmodel",
    "tests/surfaces/testing",
)

nox.options.default_venv_backend = "uv"
# what is missing is said, not fetched
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"
nox.options.envdir = ".venv/matrix"
nox.options.sessions = ["lowest", "newest"]

# pyenv keeps the Pythons that are not chosen off the path
PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
for folder in sorted((PYENV / "versions").glob("3.*/bin")):
    os.environ["PATH"] += os.pathsep + str(folder)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """Run the suite with the oldest of everything that pyproject.toml allows."""
    _test(session, *_lowest(session), suite=SUITE)


@nox.session
def short(session: nox.Session) -> None:
    """Run the core flows alone with the oldest of everything, on SQLite and this Python."""
    if sys.version_info >= FIRST_WITHOUT_WHEELS:
        session.skip("the oldest versions are older than this Python; make matrix has another")
    _test(session, *_lowest(session), suite=(*SHORT, "-k", "not postgresql and not mariadb"))


@nox.session(python=PYTHONS)
@nox.parametrize("sqlalchemy", ["2.0", "2.1"])
def newest(session: nox.Session, sqlalchemy: str) -> None:
    """Run the suite with the newest of everything, over each SQLAlchemy."""
    _test(session, f"sqlalchemy=={sqlalchemy}.*", "--upgrade", suite=SUITE)


def _lowest(session: nox.Session) -> tuple[str, str]:
    """Return the option that holds our own dependencies down; the tests' tools stay new."""
    pins = ROOT / ".venv" / "lowest.txt"
    changed = max(path.stat().st_mtime for path in (PYPROJECT, Path(__file__)))
    if not pins.exists() or pins.stat().st_mtime < changed:
        wanted = (*HELD_DOWN, "--no-deps", "--resolution", "lowest-direct")
        version = ("--python-version", PYTHONS[0])
        session.run_install(
            "uv", "pip", "compile", "--quiet", *wanted, *version, PYPROJECT, "-o", pins
        )
    return "--constraint", str(pins)


def _test(session: nox.Session, *versions: str, suite: tuple[str, ...]) -> None:
    session.install("--quiet", *versions, "--editable", EXTRAS, "--group", "test")
    options = ("-p", "no:cacheprovider", "-q", "-n", os.environ.get("WORKERS", "2"))
    session.run("python", "-m", "pytest", *options, *(session.posargs or suite))
