"""mutmut, with tests that are collected once and forked for each mutant.

Usage:
    python tools/mutation.py run [MUTANT ...]   goes on where it stopped; a * will do
    python tools/mutation.py table
    python tools/mutation.py survivors [MUTANT ...]
    python tools/mutation.py retry [MUTANT ...]
    and every other command of mutmut

mutmut forks its own process for each mutant, and in it starts pytest anew, which
collects the chosen tests again: for a function that a thousand tests reach, that
takes longer than the tests. Here the tests are collected before the fork.
mutmut still makes the mutants, finds out which tests reach them and keeps the
results; ``[tool.mutmut]`` in pyproject.toml configures it.

Environment:
    MUTATION_SECONDS: How long the tests of one mutant may take, as measured
        without mutants. Those likeliest to notice come first. Empty: all of them.
        The run without a mutant may take four times as long.
    MUTATION_EACH: ``4`` tries each fourth mutant, the same ones in each run.
    MUTATION_DATABASES: ``all`` runs the tests on PostgreSQL and MariaDB too,
        after those on SQLite.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import log2
from pathlib import Path
from typing import Any, Final

import mutation_report
import pytest
from _pytest.config import _prepareconfig
from mutmut import __main__ as mutmut_commands
from mutmut.__main__ import cli, collect_source_file_mutation_data
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.utils.file_utils import change_cwd
from mutmut.workers import isolation

SECONDS: Final = float(os.environ.get("MUTATION_SECONDS") or "inf")
EVERY_DATABASE: Final = os.environ.get("MUTATION_DATABASES") == "all"
EACH: Final = int(os.environ.get("MUTATION_EACH") or 1)
SETUP_SECONDS: Final = 0.04
"""What a test takes beside the time that mutmut measures."""
SLOW: Final = 0.1
"""Seconds of a test that goes through HTTP; others are tried before it."""
PATIENCE: Final = 20.0
"""Seconds after which a test counts as hanging, unless it takes long anyway."""
HANGS: Final = 36
"""The exit status that mutmut reads as a time-out."""
_OPENAPI: Final = "tests/features/test_contract_in_openapi.py"
_AUDIT: Final = "tests/features/audit/test_audit.py"
_COOKIES: Final = "tests/features/cookies/"
_COUNTED: Final = ("tests/features/lockout/", "tests/features/throttling/test_throttled")
BESIDE: Final[dict[str, tuple[str, ...]]] = {
    "core/after_commit": ("tests/features/mail/",),
    "core/afterwards": (_AUDIT,),
    "core/forms": (_OPENAPI,),
    "core/login": (_AUDIT,),
    "core/problems": (_OPENAPI,),
    "core/routes": (_COOKIES, _OPENAPI),
    "core/tokens": (_COOKIES,),
    "passwords/feature": (_AUDIT, *_COUNTED),
    "passwords/router": (_OPENAPI, *_COUNTED),
    "passwords/statements": _COUNTED,
    "sessions/feature": (_AUDIT, "tests/features/sessions/test_expiry"),
    "sessions/presented": (_COOKIES,),
    "sessions/router": (_COOKIES, _OPENAPI),
}
"""Where the tests of a file are, if neither their name nor their folder says so."""
# without it each test runs over synchronous sessions on one database, maybe another
os.environ["EVERY_STYLE"] = "1"
KILLERS: Final = Path("killers.jsonl")
"""Which test killed which mutant, in the folder where mutmut keeps its own."""


class Selection:
    """pytest plugin: leaves out what needs a server, if SQLite has to do."""

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out."""
        if EVERY_DATABASE:
            return
        without = [item for item in items if _database_of(item) not in {"", "sqlite"}]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]


class Failures:
    """pytest plugin: remembers the first test that failed."""

    def __init__(self) -> None:
        self.first = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember it."""
        if report.failed and not self.first:
            self.first = report.nodeid


class WarmRunner(PytestRunner):
    """Runs tests in forks of a process that has collected them."""

    def __init__(self) -> None:
        super().__init__()
        self._session: pytest.Session | None = None
        self._items: dict[str, pytest.Item] = {}
        self._early: set[str] = set()
        """Functions that ran while the tests were imported: it is too late to change them."""
        self._failures = Failures()

    def execute_pytest(self, params: list[str], **kwargs: Any) -> int:
        """Run pytest as mutmut does, on the same selection."""
        plugins = [Selection(), self._failures, *kwargs.pop("plugins", ())]
        status = int(super().execute_pytest(params, plugins=plugins, **kwargs))
        if status and self._failures.first:
            # past mutmut, which keeps what tests print
            print(f"\nfailed: {self._failures.first}", file=sys.__stderr__)
        return status

    def run_stats(self, *, tests: Iterable[str]) -> int:
        """Find out which tests reach which function, in a process of its own."""

        def measure() -> tuple[int, dict[str, set[str]], dict[str, float], dict[str, set[str]]]:
            status = super(WarmRunner, self).run_stats(tests=tests)
            known = state()
            return (
                status,
                dict(known.tests_by_mangled_function_name),
                dict(known.duration_by_test),
                dict(known.function_dependencies),
            )

        status, reached, durations, dependencies = _in_a_fork(measure)
        for function, names in reached.items():
            state().tests_by_mangled_function_name[function] |= names
        for function, callers in dependencies.items():
            state().function_dependencies[function] |= callers
        state().duration_by_test.update(durations)
        return int(status)

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        """Run some tests, or all of them; mutmut has forked already for a mutant."""
        self._collect()
        with change_cwd("mutants"):
            if mutant_name is None:
                chosen = within(4 * SECONDS, list(tests) or list(self._items))
                print(f"running {len(chosen)} tests")
                return _in_a_fork(lambda: self._run(chosen, name=""))
            if mutant_name.rpartition("__mutmut_")[0] in self._early:
                likely = in_order(mutant_name, list(self._items), seconds=float("inf"))
                imported = within(3 * SECONDS, one_of_each_file_first(likely))
                return _run_anew(dict.fromkeys([*within(SECONDS, likely), *imported]))
            return self._run(in_order(mutant_name, list(tests)), name=mutant_name)

    def _collect(self) -> None:
        if self._session is not None:
            return
        arguments = ["--rootdir=.", "-q", "-x", "-s", "-p", "no:cacheprovider"]
        arguments += self._pytest_add_cli_args + self._pytest_add_cli_args_test_selection
        with change_cwd("mutants"):
            config = _prepareconfig(arguments, plugins=[Selection(), self._failures])
            config._do_configure()
            self._session = pytest.Session.from_config(config)
            config.hook.pytest_sessionstart(session=self._session)
            set_mutant_under_test("stats")
            for item in self._session.perform_collect():
                self._items[item.nodeid] = item
            set_mutant_under_test("")
            self._early, state()._stats = state()._stats, set()
            # once, and not again for each mutant
            config.pluginmanager.get_plugin("tests.servers.plugin")._detection(config)

    def _run(self, tests: Sequence[str], *, name: str) -> int:
        """Run until the first failure; 1 if there is one, else 0."""
        chosen = [self._items[test] for test in tests if test in self._items]
        if name:
            _silence()
        with _a_folder_of_its_own(chosen):
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                _watch(item.nodeid)
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._failures.first:
                    break
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
            if chosen and self._failures.first:
                chosen[0].session._setupstate.teardown_exact(None)
        if self._failures.first:
            _note(name or "without a mutant", self._failures.first)
        return int(bool(self._failures.first))


def _run_anew(tests: Iterable[str]) -> int:
    """Run tests in a new process, which imports the mutant; mutmut has put its name there."""
    _silence()
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    return int(subprocess.run(command, check=False).returncode != 0)  # noqa: S603


def in_order(mutant: str, tests: list[str], *, seconds: float = SECONDS) -> list[str]:
    """Put first what killed neighbours of the mutant, then one of each kind that is near."""
    killers = _killers_near(mutant)
    durations = defaultdict(float, state().duration_by_test)
    *_, folder, file = mutant.partition(".x")[0].split(".")
    beside = BESIDE.get(f"{folder}/{file}", ())
    seen: dict[str, int] = defaultdict(int)

    def rank(test: str) -> tuple[float, int, float]:
        place, (kind, _, _) = test.partition("::")[0], test.partition("[")
        seen[kind] += 1
        if test in killers:
            return 0, killers[test], durations[test]
        is_beside = file in Path(place).stem or place.startswith(beside)
        near = 1 if is_beside else 2 if f"/{folder}/" in place else 3
        # a hundred cases of one test, however near, notice less than a hundred tests;
        # but what takes no time stands in nobody's way
        cost = min(1.0, durations[test] / SLOW)
        return near - 1 + cost + log2(seen[kind]) * cost, near, durations[test]

    by_duration = sorted(tests, key=durations.__getitem__)
    return within(seconds, sorted(by_duration, key=rank))


def one_of_each_file_first(tests: Sequence[str]) -> list[str]:
    """Sort for a mutant that is noticed, if at all, while a file is imported."""
    seen = Counter[str]()

    def rank(test: str) -> int:
        file, _, _ = test.partition("::")
        seen[file] += 1
        return seen[file]

    return sorted(tests, key=rank)


def within(seconds: float, tests: Sequence[str]) -> list[str]:
    """Return as many of the first tests as fit into a time, and at least one."""
    fitting = list[str]()
    for test in tests:
        seconds -= state().duration_by_test.get(test, 0.0) + SETUP_SECONDS
        if seconds < 0 and fitting:
            break
        fitting.append(test)
    return fitting


def _killers_near(mutant: str) -> dict[str, int]:
    """Rank tests that killed mutants of the same function, and the best of the same file."""
    function, _, _ = mutant.rpartition("__mutmut_")
    module, _, _ = mutant.partition(".x")
    close, near = Counter[str](), Counter[str]()
    if KILLERS.exists():
        for line in KILLERS.read_text("utf-8").splitlines():
            name, test = json.loads(line)
            if name.startswith(f"{function}__mutmut_"):
                close[test] += 1
            elif name.startswith(f"{module}.x"):
                near[test] += 1
    ranked = [test for test, _ in (*close.most_common(), *near.most_common(10))]
    return {test: place for place, test in reversed(list(enumerate(ranked)))}


def _note(mutant: str, test: str) -> None:
    with KILLERS.open("a", encoding="utf-8") as file:
        file.write(json.dumps([mutant, test]) + "\n")


def _database_of(item: pytest.Item) -> str:
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return str(parameters.get("database_kind", ""))


def _watch(test: str) -> None:
    def give_up(*_: object) -> None:
        os._exit(HANGS)

    signal.signal(signal.SIGALRM, give_up)
    usual = state().duration_by_test.get(test, 0.0)
    signal.setitimer(signal.ITIMER_REAL, max(PATIENCE, 20 * usual))


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


@contextmanager
def _a_folder_of_its_own(items: Sequence[pytest.Item]) -> Iterator[None]:
    """Keep temporary files of these tests together, and delete them."""
    with tempfile.TemporaryDirectory(prefix="mutation-", ignore_cleanup_errors=True) as folder:
        if items:
            items[0].config._tmp_path_factory._basetemp = Path(folder)  # type: ignore[attr-defined]
        yield


def _in_a_fork(measure: Callable[[], Any]) -> Any:
    """Return what a function returns in a child of this process."""
    with tempfile.TemporaryFile() as file:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                pickle.dump(measure(), file)
                file.flush()
                status = 0
            finally:
                sys.stdout.flush()
                os._exit(status)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            raise RuntimeError("the tests ended without a result")
        file.seek(0)
        return pickle.load(file)  # noqa: S301  # written by ourselves


def _only_what_was_not_tried(*, mutant_names: Sequence[str]) -> Any:
    """Choose mutants; mutmut itself tries those that are named again and again."""
    mutants, by_path = collect_source_file_mutation_data(mutant_names=tuple(mutant_names))
    return [mutant for mutant in mutants[::EACH] if mutant[2] is None], by_path


def main() -> None:
    """Run mutmut with this way of running tests, and commands of our own."""
    isolation.PytestRunner = WarmRunner  # type: ignore[misc]
    mutmut_commands.collect_source_file_mutation_data = _only_what_was_not_tried
    for command in (mutation_report.table, mutation_report.survivors, mutation_report.retry):
        cli.add_command(command)
    cli()


if __name__ == "__main__":
    main()
