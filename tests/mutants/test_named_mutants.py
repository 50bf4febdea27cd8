"""The tests notice the faults that matter most: each is made, and its killer has to fail."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.mutants.named import NAMED_MUTANTS, UNNOTICED

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/fastauth_kit"


def outcomes(folder: Path) -> dict[str, str]:
    """Run the killers without any mutant, and each with its own."""
    report = folder / "report.json"
    files = sorted({f"tests/{mutant.killer.partition('::')[0]}" for mutant in NAMED_MUTANTS})
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"]
    command += ["-p", "tests.mutants.forks", "--basetemp", str(folder / "tmp"), *files]
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths, "MUTANTS_REPORT": str(report)}
    for name in list(environment):  # this is no worker of the run that started it
        if name.startswith(("PYTEST_", "COV_", "TEST_MODE")):
            del environment[name]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert report.exists(), ended.stdout + ended.stderr
    found: dict[str, str] = json.loads(report.read_text("utf-8"))
    return found


def test_every_named_mutant_is_killed_by_its_test(tmp_path: Path) -> None:
    found = outcomes(tmp_path)

    killed = {mutant.name: "failed" for mutant in NAMED_MUTANTS}
    assert found == {"no mutant": "passed", **killed, UNNOTICED.name: "passed"}


def test_every_named_mutant_is_a_change_of_one_place() -> None:
    """Whoever rewrites such a place moves the mutant along."""
    places = {
        mutant.name: (PACKAGE / mutant.file).read_text("utf-8").count(mutant.old)
        for mutant in (*NAMED_MUTANTS, UNNOTICED)
    }

    assert places == dict.fromkeys(places, 1)
