"""The short form of ``make scale`` runs to its end and reports every row; times are not judged."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.scale.growth import KINDS, Growth
from benchmarks.scale.report import percentile
from benchmarks.scale.server import ROOT, environment
from tests.servers import Servers
from tests.servers.queries import execute

PATIENCE_SECONDS = 240
POSTGRESQL = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)


def databases(url: str) -> set[str]:
    names = execute(
        url, "SELECT datname FROM pg_database WHERE datname LIKE 'fastauth\\_bench\\_%'"
    )
    return set(names)


@POSTGRESQL
def test_the_short_form_reports_every_row(
    database_kind: str, servers: Servers, tmp_path: Path
) -> None:
    url = servers.server("postgresql").url
    out = tmp_path / "scale.md"
    ours = environment(TEST_POSTGRES_URL=url)
    before = databases(url)

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", "--short", "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, **ours},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    rows = [
        line.split("|")[1].strip() for line in out.read_text("utf-8").splitlines() if "|" in line
    ]
    assert {kind.name for kind in KINDS} <= set(rows)
    assert "10,009 of 100,000 rows deleted in 101 batches" in out.read_text("utf-8")
    assert "Errors: 0 at rest, 0 beside pruning." in out.read_text("utf-8")
    assert databases(url) <= before, "it leaves its databases behind"


@pytest.mark.parametrize(("ratio", "holds"), [(1.2, True), (1.21, False)])
def test_growth_over_the_limit_does_not_hold(ratio: float, holds: bool) -> None:
    login = KINDS[0]

    assert Growth(login, (1.0, ratio), [0.1, ratio, 9.0], 1.0, (1.0, 1.0)).holds is holds


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([4, 1, 3, 2], share) for share in (0.25, 0.5, 0.99, 1)] == [1, 2, 4, 4]
