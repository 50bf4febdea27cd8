"""``alembic revision --autogenerate`` in the example, without its migrations."""

import re
from pathlib import Path

import pytest

from tests.example.alembic_command import alembic, copy_of_the_example


def _generate(url: str, folder: Path) -> str:
    """Let all migrations be written anew; return what the new one does."""
    copy_of_the_example(folder)
    for old in (folder / "alembic" / "versions").glob("*.py"):
        old.unlink()
    alembic(url, "revision", "--autogenerate", "-m", "everything", folder=folder)
    (new,) = (folder / "alembic" / "versions").glob("*_everything.py")
    return new.read_text()


@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
def test_it_writes_the_same_as_on_sqlite(fresh_database_url: str, tmp_path: Path) -> None:
    on_sqlite = _generate(f"sqlite+aiosqlite:///{tmp_path}/other.db", tmp_path / "sqlite")

    here = _generate(fresh_database_url, tmp_path / "here")

    revision = re.compile(r"\b[0-9a-f]{12}\b")
    assert revision.sub("", here) == revision.sub("", on_sqlite)


def test_what_it_writes_imports_runs_and_leaves_no_difference(
    fresh_database_url: str, tmp_path: Path
) -> None:
    """Written on SQLite, as by a developer; run where it is deployed."""
    folder = tmp_path / "copy"
    _generate(f"sqlite+aiosqlite:///{tmp_path}/other.db", folder)

    alembic(fresh_database_url, "upgrade", "head", folder=folder)

    assert "No new upgrade operations" in alembic(fresh_database_url, "check", folder=folder)


def test_it_finds_a_column_that_was_added(fresh_database_url: str, tmp_path: Path) -> None:
    folder = copy_of_the_example(tmp_path / "copy")
    alembic(fresh_database_url, "upgrade", "head", folder=folder)
    model = folder / "app" / "models" / "profile.py"
    bio = '    bio: Mapped[str] = mapped_column(String(500), default="")\n'
    assert bio in model.read_text()
    model.write_text(model.read_text().replace(bio, f"{bio}{bio.replace('bio', 'motto')}"))

    alembic(fresh_database_url, "revision", "--autogenerate", "-m", "motto", folder=folder)

    (new,) = (folder / "alembic" / "versions").glob("*_motto.py")
    (added,) = re.findall(r"batch_op\.(?!drop)\w+\(.*", new.read_text())
    assert added == (
        "batch_op.add_column(sa.Column('motto', sa.String(length=500), nullable=False))"
    )
