"""What is published: the wheel and the sdist, and an installation without any extra."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "fastauth_kit"

# What each extra that the kit imports by itself is needed by, and how it is named there.
NEEDED_BY = {
    "cli": ("fastauth_kit.surfaces.cli", "fastauth-kit[cli]"),
    # the command is asked for first; tests/surfaces/cli/test_demo.py has the rest
    "demo": ("fastauth_kit.surfaces.cli", "fastauth-kit[cli]"),
    "mail": ("fastauth_kit.features.mail", "fastauth-kit[mail]"),
    # stands on throttling, which is asked for first; test_missing_extras.py has the rest
    "redis": ("fastauth_kit.features.throttling.redis_store", "fastauth-kit[throttling]"),
    "sqlmodel": ("fastauth_kit.surfaces.sqlmodel", "fastauth-kit[sqlmodel]"),
    "testing": ("fastauth_kit.surfaces.testing", "fastauth-kit[testing]"),
    "throttling": ("fastauth_kit.features.throttling", "fastauth-kit[throttling]"),
}
# SQLAlchemy imports these when a caller makes an engine, and names what is missing.
DRIVERS = {"mysql", "mysql-sync", "postgres", "postgres-sync", "sqlite"}

# before the kit, what every caller has; the time of this process alone
IMPORT = """
import time
import fastapi, sqlalchemy
began = time.process_time()
import fastauth_kit
print(time.process_time() - began)
"""


def run(*command: object, **options: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(word) for word in command]
    return subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=240, env=environment, **options
    )


def succeed(*command: object, **options: str) -> str:
    done = run(*command, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    succeed(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def sdist(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked sdist."""
    (found,) = built.glob("*.tar.gz")
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(found) as archive:
        archive.extractall(folder, filter="data")
    (inside,) = folder.iterdir()
    return inside


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Distribution:
    """What the wheel says of itself; not what is installed here, which may be older."""
    return next(iter(distributions(path=[str(wheel)])))


def requirements(metadata: Distribution) -> Iterator[tuple[str | None, Requirement]]:
    """Yield what the kit needs: the extra, or ``None``, and the requirement."""
    for line in metadata.requires or ():
        requirement = Requirement(line)
        extra = re.search(r"extra == ['\"](.+?)['\"]", str(requirement.marker or ""))
        yield (extra[1] if extra else None), requirement


def without_extras(metadata: Distribution) -> set[str]:
    """Return the names of everything that an installation without extras brings."""
    found: set[str] = set()
    todo = [requirement for extra, requirement in requirements(metadata) if extra is None]
    while todo:
        wanted = todo.pop()
        name, extras = wanted.name, [*wanted.extras, ""]
        if f"{name}{extras}" in found:
            continue
        found |= {name, f"{name}{extras}"}
        needed = map(Requirement, distribution(name).requires or ())
        todo += [
            each
            for each in needed
            if each.marker is None or any(each.marker.evaluate({"extra": one}) for one in extras)
        ]
    return {name for name in found if "[" not in name}


@pytest.fixture(scope="module")
def python(wheel: Path, metadata: Distribution, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel, what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    site = Path(succeed(python, "-c", "import site; print(site.getsitepackages()[0])").strip())
    for name in without_extras(metadata):
        for file in distribution(name).files or ():
            top = file.parts[0]
            if top != ".." and not (site / top).exists():
                (site / top).symlink_to(str(distribution(name).locate_file(top)))
    command = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    succeed(*command, "--no-index", "--no-deps", wheel)
    return python


# -- the files ---------------------------------------------------------------------------


def test_the_wheel_has_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    source = {
        path.relative_to(ROOT / "src").as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    about = {name for name in names if ".dist-info/" in name}

    assert names - about == source | {"fastauth_kit_pytest.py"}
    assert {"fastauth_kit/py.typed", "fastauth_kit/features/mail/templates/layout.html"} <= source
    assert {name.partition("/")[2] for name in about} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
    }


def test_the_sdist_has_what_git_has(sdist: Path) -> None:
    """So that ``make test`` runs there, too; pip's own file comes to it."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no clone")
    listed = succeed("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=str(ROOT))
    tracked = {line for line in listed.splitlines() if (ROOT / line).is_file()}

    files = {path.relative_to(sdist).as_posix() for path in sdist.rglob("*") if path.is_file()}

    assert files - {"PKG-INFO"} == tracked


# -- an installation ---------------------------------------------------------------------


def test_it_is_imported_without_any_extra_and_in_bounded_time(python: Path) -> None:
    """Usually a quarter of a second; two are for a machine that is busy."""
    assert float(succeed(python, "-c", IMPORT)) < 2


@pytest.mark.parametrize("script", [True, False])
def test_the_command_without_its_extra_is_one_sentence(python: Path, script: bool) -> None:
    command = (python.with_name("fastauth-kit"),) if script else (python, "-m", "fastauth_kit")
    done = run(*command, "--help")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "the command fastauth-kit needs typer: pip install 'fastauth-kit[cli]'\n"
    )


def test_importing_it_imports_nothing_of_an_extra(metadata: Distribution) -> None:
    modules = packages_distributions()
    of_extras = {
        requirement.name for extra, requirement in requirements(metadata) if extra is not None
    }
    named = {
        module
        for module, names in modules.items()
        if {name.lower() for name in names} & of_extras - without_extras(metadata)
    }
    assert {"aiosqlite", "asyncpg", "jinja2", "limits", "redis", "typer"} <= named

    program = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); import fastauth_kit; "
    imported = succeed(sys.executable, "-c", program + "print(*sys.modules)").split()

    assert named & set(imported) == set()


def test_each_extra_is_a_driver_or_has_a_sentence(metadata: Distribution) -> None:
    extras = {extra for extra, _ in requirements(metadata) if extra is not None}

    assert extras == DRIVERS | set(NEEDED_BY)


@pytest.mark.parametrize("extra", sorted(NEEDED_BY))
def test_what_needs_an_extra_names_it(python: Path, extra: str) -> None:
    module, name = NEEDED_BY[extra]

    refused = run(python, "-c", f"import {module}")

    assert refused.returncode == 1
    last = refused.stderr.splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert last.endswith(f"pip install '{name}'")
