"""The short form of ``make soak`` runs to its end, and its verdicts can fail."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.scale.server import ROOT, environment
from benchmarks.soak.graph import Panel, draw
from benchmarks.soak.traffic import Journal, Timed
from benchmarks.soak.verdicts import judge, minutes
from benchmarks.soak.watching import Sample
from tests.servers import Servers

PATIENCE_SECONDS = 180
SECONDS = 600
SAMPLE = Sample(
    at=0, rss=100, pss=90, threads=5, files=30, checked_out=0, blocks=1000, connections=10
)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from Linux's /proc")


@LINUX
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_fifteen_seconds_of_everything_leave_nothing_open(
    database_kind: str, servers: Servers, tmp_path: Path
) -> None:
    options = ["--seconds", "15", "--every", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", *options, "--out", str(tmp_path)],
        cwd=ROOT,
        env=environment(TEST_POSTGRES_URL=servers.server("postgresql").url),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "soak.md").read_text("utf-8")
    assert "| unexpected answers | 0 | holds |" in text
    assert "| connections checked out after the end | 0 | holds |" in text
    ET.fromstring((tmp_path / "soak.svg").read_text("utf-8"))  # noqa: S314  # our own


def calm(seconds: float = SECONDS) -> tuple[Journal, list[Sample]]:
    """Return a run in which nothing grows."""
    times = range(0, int(seconds), 5)
    requests = [Timed(at, "me", 0.01) for at in times]
    return Journal(requests=requests), [replace(SAMPLE, at=at) for at in times]


def broken(journal: Journal, samples: list[Sample], last: Sample = SAMPLE) -> list[str]:
    verdicts = judge(journal, samples, last, SECONDS)
    return [verdict.what.split()[0].strip(",") for verdict in verdicts if verdict.holds is not True]


def test_a_calm_run_holds() -> None:
    assert broken(*calm()) == []


def test_memory_that_grows_does_not_hold() -> None:
    journal, samples = calm()
    grown = [replace(sample, pss=90 + sample.at / 60 * 0.6) for sample in samples]

    assert broken(journal, grown) == ["memory"]


def test_memory_may_grow_while_it_settles() -> None:
    journal, samples = calm()
    grown = [replace(sample, pss=90 + min(sample.at, 170)) for sample in samples]

    assert broken(journal, grown) == []


def test_a_connection_that_is_not_given_back_does_not_hold() -> None:
    assert broken(*calm(), replace(SAMPLE, checked_out=1)) == ["connections"]


def test_latency_that_grows_does_not_hold() -> None:
    journal, samples = calm()
    slower = [replace(each, seconds=0.01 + each.at / SECONDS * 0.01) for each in journal.requests]

    assert broken(Journal(requests=slower), samples) == ["median"]


def test_threads_and_files_that_pile_up_do_not_hold() -> None:
    journal, samples = calm()
    piled = [
        replace(sample, threads=5 + int(sample.at) // 60, files=30 + int(sample.at) // 30)
        for sample in samples
    ]

    assert broken(journal, piled) == ["threads", "open"]


def test_an_unexpected_answer_does_not_hold() -> None:
    journal, samples = calm()
    journal.errors.append("me: 500")

    assert broken(journal, samples) == ["unexpected"]


def test_a_short_run_says_nothing_of_growth() -> None:
    journal, samples = calm(60)

    verdicts = judge(journal, samples, SAMPLE, 60)

    assert [verdict.holds for verdict in verdicts] == [True, True, None, None, None, None]


def test_an_interval_without_the_request_has_no_figure() -> None:
    (only,) = minutes(Journal(requests=[Timed(1, "login", 0.02)]), 60)

    assert (only.count, only.p50) == (1, 20.0)
    assert only.me_p50 != only.me_p50  # not a number


def test_a_graph_leaves_out_what_has_no_figure() -> None:
    picture = draw("A & B", [Panel("<ms>", {"p50": [(0, float("nan")), (1, 2.0), (2, 4.0)]})])

    lines = ET.fromstring(picture).findall("{http://www.w3.org/2000/svg}polyline")  # noqa: S314
    assert [len(line.attrib["points"].split()) for line in lines] == [2]
    assert "nan" not in picture
