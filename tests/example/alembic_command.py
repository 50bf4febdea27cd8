"""The ``alembic`` command, as people type it in the example's folder or in a copy of it."""

import shutil
import subprocess
import sys
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.example.server import FOLDER, SECRET, environment

ALEMBIC = Path(sys.executable).with_name("alembic")
VERSIONS = FOLDER / "alembic" / "versions"

REVISIONS = sorted(file.name[:4] for file in VERSIONS.glob("0*.py"))
"""The example's own migrations."""
HEAD = REVISIONS[-1]


def command(*arguments: str) -> list[str]:
    """Return what is run."""
    return [str(ALEMBIC), *arguments]


def settings(url: str) -> dict[str, str]:
    """Return the environment it is run in."""
    return environment(DATABASE_URL=url, SECRET_KEY=SECRET)


def alembic(url: str, *arguments: str, folder: Path = FOLDER) -> str:
    """Run the command, which must succeed; return what it printed, without its log."""
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=settings(url),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def copy_of_the_example(folder: Path) -> Path:
    """Copy what Alembic needs, so that a test may add migrations."""
    for name in ("app", "alembic"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(FOLDER / name, folder / name, ignore=ignored)
    shutil.copy(FOLDER / "alembic.ini", folder)
    return folder


def add_migration(folder: Path, upgrade: str, *, downgrade: str = "pass") -> None:
    """Add a migration after all others; the bodies of its functions are given."""
    (folder / "alembic" / "versions" / "9999_of_the_test.py").write_text(
        f"""
import pathlib, time
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{HEAD}"


def upgrade():
    {upgrade}


def downgrade():
    {downgrade}
"""
    )


async def query(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements and commit; return the rows of the last one."""
    engine = create_async_engine(url, poolclass=NullPool)
    rows: list[tuple[object, ...]] = []
    try:
        async with engine.begin() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
                rows = [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await engine.dispose()
    return rows


async def tables(url: str) -> set[str]:
    """Name the tables."""
    schema = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
    }
    return {str(row[0]) for row in await query(url, schema[make_url(url).get_backend_name()])}
