"""The plugin is found, costs nothing unused, and says what it misses."""

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import fastauth_kit_pytest
from tests.docs.programs import environment

ROOT = Path(__file__).parents[3]

PLUGIN = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "fastauth_kit_pytest")


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = [sys.executable, *command]
    return subprocess.run(
        done, cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )


def test_pytest_is_told_of_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (entry,) = project["project"]["entry-points"]["pytest11"].items()
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert EntryPoint(*entry, "pytest11").load() is fastauth_kit_pytest
    # the name of the module, so that "-p" and pytest_plugins do not load it twice
    assert entry[0] == entry[1]
    assert f"src/{entry[1]}.py" in wheel["packages"]


def test_it_imports_nothing_but_pytest() -> None:
    heavy = ("fastauth_kit.", "fastapi", "sqlalchemy", "starlette", "httpx2", "pydantic")
    program = (
        "import pytest, sys; before = set(sys.modules); import fastauth_kit_pytest; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = run("-c", program)

    assert done.stdout.strip() == "['fastauth_kit_pytest']", done.stderr
    assert not any(name in done.stdout for name in heavy)


def test_a_run_that_does_not_use_it_loads_nothing_of_the_kit(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "import sys\ndef test_nothing():\n    assert 'fastauth_kit' not in sys.modules\n"
    )
    done = run("-m", "pytest", "-q", *PLUGIN, "-W", "error", cwd=tmp_path)

    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_fixtures_of_the_same_name_of_the_callers_win(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "import pytest\n"
        "@pytest.fixture\n"
        "def auth_client():\n    return 'mine'\n"
        "def test_own(auth_client):\n    assert auth_client == 'mine'\n"
    )
    done = run("-m", "pytest", "-q", *PLUGIN, cwd=tmp_path)

    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_without_its_package_the_kit_names_the_extra() -> None:
    program = "import sys; sys.modules['httpx2'] = None; import fastauth_kit.surfaces.testing"
    done = run("-c", program)

    assert done.stderr.splitlines()[-1] == (
        "ImportError: the test kit needs httpx2: pip install 'fastauth-kit[testing]'"
    )


@pytest.mark.parametrize("name", ["auth", "app"])
def test_it_brings_no_fixture_that_others_may_have(name: str) -> None:
    assert not hasattr(fastauth_kit_pytest, name)
