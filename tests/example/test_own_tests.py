"""The example's own tests pass by themselves, in a copy, as for whoever copies it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastauth_kit
from tests.example.server import FOLDER, environment

SOURCE = Path(fastauth_kit.__file__).parents[1]
NOT_COPIED = shutil.ignore_patterns(".demo", ".env", "*.db*", "__pycache__", ".pytest_cache")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The example, in a folder of its own."""
    return Path(shutil.copytree(FOLDER, tmp_path / "our-app", ignore=NOT_COPIED))


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--exitfirst"],
        cwd=folder,
        env=environment(PYTHONPATH=str(SOURCE), PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
    )


def test_pytest_passes_by_itself_whatever_a_developer_has_set(copy: Path) -> None:
    (copy / ".env").write_text("SECRET_KEY=short\nALGORITHM=none\n")

    done = run_pytest(copy)

    assert done.returncode == 0, done.stdout
    assert "configfile: pytest.ini" in done.stdout
    (passed,) = re.findall(r"=+ (\d+) passed in", done.stdout)
    assert int(passed) >= 26


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("app/api/routes/posts.py", "await session.commit()", "pass"),
        ("app/services/posts.py", "if post.author_id != editor.id", "if False"),
        ("app/services/profiles.py", "if isinstance(event, UserCreated)", "if False"),
        ("app/models/post.py", "onupdate=_now", ""),
    ],
    ids=["a forgotten commit", "no owner", "no profile", "no new time"],
)
def test_they_notice_a_mistake(copy: Path, file: str, before: str, after: str) -> None:
    text = (copy / file).read_text()
    assert before in text
    (copy / file).write_text(text.replace(before, after))

    done = run_pytest(copy)

    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
