"""The benchmarks work: every row gives a number. How large it is, is not asked here."""

import asyncio
import hashlib
import json
import math
import os
import random
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import not_measured
from benchmarks.bench import SHORT, Bench
from benchmarks.callgrind import instructions
from benchmarks.contenders import BARE, EVERYTHING, KIT, ROOT, Contender, others
from benchmarks.load import Connection, Refused
from benchmarks.processes import CHEAP_HASH, Failed, Settings, run
from benchmarks.rows import BY_NAME, ROWS, Result
from benchmarks.scenarios import SCENARIOS, Request, takes_part
from benchmarks.server import Server
from benchmarks.steady import RUN_UP, WARM_UP
from benchmarks.storm import percentile
from benchmarks.table import BEGIN, END, write
from benchmarks.timing import PATHS, compare
from tests.servers.servers import Servers

PAGE = ROOT / "docs/benchmarks.md"
COUNTED = {name for name in BY_NAME if name.endswith("-instructions")}

REFERENCE = {
    "bare.py": "78fcf717b6577fd42c2ca349479b11ef000383a7e098401a3652fa03fbd31906",
    "common.py": "ebc676af112ef917ec48f2d55dc32cb58cb7af72e0cfd5a8d80107a12df12bae",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A database that nobody has filled."""
    return Settings(database_url=f"sqlite+aiosqlite:///{tmp_path / 'bench.db'}")


def run_benchmarks(tmp_path: Path, *arguments: str, **variables: str) -> list[dict[str, Any]]:
    """Run the command in its short form and return its results."""
    figures = tmp_path / "figures.json"
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    command = [sys.executable, "-m", "benchmarks", "--short", "--json", str(figures), *arguments]
    run(command, {**os.environ, "PYTHONPATH": path, **variables})
    results: list[dict[str, Any]] = json.loads(figures.read_text())["results"]
    return results


def test_every_row_of_the_kit_is_measured_against_the_hand_written_app(tmp_path: Path) -> None:
    rows = [name for name in BY_NAME if name not in COUNTED]
    results = run_benchmarks(tmp_path, "--no-others", "--database", "sqlite", *rows)
    of_kit = {result["row"]: result for result in results if result["contender"] == "kit"}
    assert set(of_kit) == set(rows)
    for result in of_kit.values():
        assert math.isfinite(result["median"])
        assert result["min"] <= result["median"] <= result["max"]
        assert result["own"] > 0
        assert result["unit"] != "x" or result["median"] > 0


def test_postgresql_is_measured_in_a_database_that_is_dropped(
    tmp_path: Path, servers: Servers
) -> None:
    if "postgresql" not in servers.available:
        pytest.skip("PostgreSQL not found")
    url, before = servers.server("postgresql").url, set(servers.databases("postgresql"))
    results = run_benchmarks(
        tmp_path,
        "--no-others",
        "--database=postgresql",
        "me-cpu",
        BENCH_POSTGRES_URL=url,
    )
    assert [(result["row"], result["database"]) for result in results] == [("me-cpu", "postgresql")]
    left = set(servers.databases("postgresql")) - before
    assert not [name for name in left if "_bench_" in name]


def test_fastapi_users_takes_part_with_both_strategies(tmp_path: Path) -> None:
    if not others():
        pytest.skip("fastapi-users is not installed")
    results = run_benchmarks(tmp_path, "--database=sqlite", "login-rate")
    assert {result["contender"] for result in results} == {
        "kit",
        "fastapi-users-jwt",
        "fastapi-users-database",
    }


@pytest.mark.parametrize("contender", [BARE, KIT, EVERYTHING], ids=lambda contender: contender.name)
def test_what_valgrind_counts_runs_without_it(contender: Contender, settings: Settings) -> None:
    settings.fill(contender, {CHEAP_HASH: 1})
    scenarios = [name for name in SCENARIOS if takes_part(contender, name)]
    if contender is EVERYTHING:
        scenarios.remove("claims")  # a route of the foundation's module alone
    facts = {"name": "", "module": contender.module, "login": contender.login}
    paths = {name: getattr(contender, name) for name in ("me", "claims", "refresh", "register")}
    command = [sys.executable, "-m", "benchmarks.steady", json.dumps(facts | paths)]
    environment = settings.environment(contender, CHEAP_HASH)
    run([*command, ",".join(scenarios), "1", "1"], environment)
    if contender is KIT:
        wrong = json.dumps(facts | paths | {"me": "/nowhere"})
        with pytest.raises(Failed, match="404"):
            run([*command[:-1], wrong, "me", "1", "1"], environment)


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_instructions_are_counted_without_start_and_warm_up(
    settings: Settings, tmp_path: Path
) -> None:
    """The app does more at each request: windows differ by what was foreseen, or are not these."""
    app = tmp_path / "growing_app.py"
    app.write_text(GROWING_APP)
    contender = Contender(
        name="growing",
        module="growing_app",
        me="/me",
        login="/login",
        register="/register",
        environment={"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
    )
    first, second = instructions(contender, settings, ["register"], windows=2, requests=10)[
        "register"
    ]
    # request number n turns n thousand times; these were requests 43 to 52, then 53 to 62
    before = WARM_UP + RUN_UP
    assert second / first == pytest.approx((before + 15.5) / (before + 5.5), rel=0.02)


GROWING_APP = """
from contextlib import asynccontextmanager
from types import SimpleNamespace

times = 0

async def app(scope, receive, send):
    global times
    times += 1
    for _ in range(1000 * times):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})

@asynccontextmanager
async def lifespan(app):
    yield

app.router = SimpleNamespace(lifespan_context=lifespan)
"""


def test_a_server_that_does_not_start_says_why(settings: Settings) -> None:
    broken = replace(KIT, name="broken", module="benchmarks.no_such_app")
    with pytest.raises(Failed, match="no_such_app"), Server(broken, settings, CHEAP_HASH) as server:
        assert server.port


async def test_an_answer_that_is_no_success_is_no_measurement() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
        writer.close()

    stub = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with stub, Connection(stub.sockets[0].getsockname()[1]) as connection:
        with pytest.raises(Refused, match="503 Busy"):
            await connection.ask(Request("GET", "/me"))


def test_verdicts_follow_the_limits() -> None:
    lower, upper = BY_NAME["logins"], BY_NAME["me-cpu"]
    assert [lower.verdict(value) for value in (0.89, 0.9, 0.97)] == ["missed", "held", "reached"]
    assert [upper.verdict(value) for value in (1.01, 1.0, 0.8)] == ["missed", "held", "reached"]
    assert not BY_NAME["login-cpu"].verdict(0.1)


def test_limits_are_those_that_were_agreed() -> None:
    assert {row.name: row.hold for row in ROWS if row.hold is not None and row.unit == "x"} == {
        "me-instructions": 1.0,
        "me-cpu": 1.0,
        "claims-instructions": 1.1,
        "claims-cpu": 1.1,
        "storm-p99": 0.12,
        "logins": 0.9,
        "login-rate": 0.8,
        "refresh-rate": 0.9,
    }
    assert (BY_NAME["import-cpu"].hold, BY_NAME["memory-start"].hold) == (150, 15)


def test_ratios_are_taken_round_by_round(settings: Settings) -> None:
    bench = Bench(database="sqlite", settings=settings, effort=SHORT, wanted=frozenset({"me-cpu"}))
    figures = {"bare": [2.0, 4.0, 5.0], "kit": [1.0, 4.0, 10.0]}
    (result,) = bench.ratios("me-cpu", figures, measured_in="ms")
    assert result.values == (0.5, 1.0, 2.0)
    assert (result.value, result.own, result.base, result.verdict) == (1.0, 4.0, 4.0, "held")


def test_the_slowest_hundredth_begins_at_the_99th_percentile() -> None:
    assert percentile([float(value) for value in range(300, 0, -1)], 99) == 297
    assert percentile([7.0], 99) == 7


def test_writing_replaces_what_is_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nof last year\n{END}\nafter\n")
    values = (0.5, 0.75, 1.5)
    result = Result(
        row=BY_NAME["me-cpu"],
        database="sqlite",
        contender="kit",
        values=values,
        own=1.5,
        base=2.0,
        measured_in="ms",
    )
    write(page, [result], {"date": "2026-01-01"})
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "of last year" not in text
    line = "<= 1x | <= 0.8x | 0.75x (0.50..1.50) | reached | 1.5 ms | 2 ms |"
    assert line in text


def test_a_page_is_not_written_without_all_rows_on_both_databases(settings: Settings) -> None:
    everywhere = [
        (row, database)
        for row in ROWS
        for database in (("sqlite", "postgresql") if row.each_database else ("",))
    ]
    bench = Bench(database="", settings=settings, effort=SHORT, wanted=frozenset())
    results = [
        replace(
            bench.result(row.name, KIT, [1.0], [1.0], None, measured_in="ms"), database=database
        )
        for row, database in everywhere
    ]
    assert not not_measured(results)
    of_bare = replace(results[-1], contender="bare")
    assert not_measured([*results[:-1], of_bare]) == ["memory-peak postgresql"]


def test_the_page_has_the_rows_of_the_harness() -> None:
    _, _, rest = PAGE.read_text().partition(BEGIN)
    tables, closed, _ = rest.partition(END)
    assert closed
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", tables, re.MULTILINE)) == set(BY_NAME)
    for database in ("sqlite", "postgresql"):
        _, _, table = tables.partition(f"### {database}\n")
        named = re.findall(r"^\| `([a-z0-9-]+)` \|", table.partition("\n###")[0], re.MULTILINE)
        assert named == [row.name for row in ROWS if row.each_database]


@pytest.mark.parametrize("name", REFERENCE)
def test_the_hand_written_app_is_what_it_was(name: str) -> None:
    """Ratios of one year would mean nothing beside those of the next."""
    digest = hashlib.sha256((ROOT / "benchmarks" / name).read_bytes()).hexdigest()
    assert digest == REFERENCE[name]


# -- known and unknown addresses ---------------------------------------------------------


def _times(seed: int, *, shift: float = 0.0) -> list[float]:
    chance = random.Random(seed)  # noqa: S311  # statistics, no secret
    return [shift + chance.lognormvariate(7, 0.2) for _ in range(1000)]


def test_times_of_one_kind_are_called_indistinguishable() -> None:
    found = compare("login", "", _times(1), _times(2))

    assert found.low < 0 < found.high
    assert 0.01 < found.chance <= 1
    assert found.verdict.startswith("indistinguishable at 1000")


def test_a_small_difference_in_time_is_found() -> None:
    """A twentieth, in times that vary by a fifth."""
    found = compare("login", "", _times(1, shift=55), _times(2))

    assert 0 < found.low < 55 < found.high
    assert found.chance < 0.01
    assert found.verdict.startswith("DISTINGUISHABLE at 1000: +")


def test_the_time_of_every_answer_that_must_not_tell_is_measured(tmp_path: Path) -> None:
    results = tmp_path / "times.json"
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    command = [sys.executable, "-m", "benchmarks", "timing", "--short", "--database", "sqlite"]
    run([*command, "--json", str(results)], {**os.environ, "PYTHONPATH": path})

    found = json.loads(results.read_text())
    assert [each["request"] for each in found] == list(PATHS)
    assert all(each["samples"] == 10 and each["known"] > 0 for each in found)
