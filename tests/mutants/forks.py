"""pytest plugin: tries named mutants, each in a fork of the process that collected the tests.

Writes a JSON object to ``MUTANTS_REPORT``: the name of each mutant, and whether its
killer ``passed``, ``failed`` or ``hung``; under ``no mutant``, whether all of them did.
"""

import gc
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

import pytest

import fastauth_kit
from tests.mutants.named import NAMED_MUTANTS, UNNOTICED, NamedMutant

PACKAGE = Path(fastauth_kit.__file__).parent
PATIENCE = 60
"""Seconds after which a mutant that made its killer hang counts as noticed."""


class Failures:
    """Remembers whether a test failed."""

    any = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.any = self.any or report.failed


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try each mutant in place of running the tests once."""
    if session.testsfailed:  # while collecting
        return True
    # once, and not again for each mutant
    session.config.pluginmanager.get_plugin("tests.servers.plugin")._detection(session.config)
    failures = Failures()
    session.config.pluginmanager.register(failures)
    mutants = (*NAMED_MUTANTS, UNNOTICED)
    killers = {mutant.name: _killer(session, mutant) for mutant in mutants}
    everything = [test for tests in killers.values() for test in tests]
    report = {"no mutant": _outcome(failures, list(dict.fromkeys(everything)), None)}
    for mutant in mutants:
        report[mutant.name] = _outcome(failures, killers[mutant.name], mutant)
    Path(os.environ["MUTANTS_REPORT"]).write_text(json.dumps(report), "utf-8")
    return True


def _killer(session: pytest.Session, mutant: NamedMutant) -> list[pytest.Item]:
    tests = [item for item in session.items if _is(item, mutant.killer)]
    assert tests, f"there is no test {mutant.killer}"
    return tests


def _outcome(failures: Failures, tests: list[pytest.Item], mutant: NamedMutant | None) -> str:
    child = os.fork()
    if child == 0:
        status = 2
        try:
            signal.alarm(PATIENCE)
            if mutant is not None:
                put_in_place(mutant)
            status = int(_fails(tests, failures))
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {0: "passed", 1: "failed", -signal.SIGALRM: "hung"}.get(status, "broken")


def _is(item: pytest.Item, killer: str) -> bool:
    file, _, name = killer.partition("::")
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return (
        item.path.as_posix().endswith(f"tests/{file}")
        and getattr(item, "originalname", "") == name
        and parameters.get("database_kind", "sqlite") == "sqlite"
    )


def _fails(tests: list[pytest.Item], failures: Failures) -> bool:
    for item, following in zip(tests, [*tests[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if failures.any:
            return True
    return False


def put_in_place(mutant: NamedMutant) -> None:
    """Give every function of a file, wherever it is by now, the code it has in the mutant."""
    path = PACKAGE / mutant.file
    source = path.read_text("utf-8")
    assert source.count(mutant.old) == 1, f"{mutant.name}: the text is not there once"
    codes = {
        code.co_qualname: code
        for code in _all_codes(compile(source.replace(mutant.old, mutant.new), str(path), "exec"))
    }
    changed = 0
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == str(path):
            code = codes[function.__code__.co_qualname]
            changed += _said(code) != _said(function.__code__)
            function.__code__ = code
    assert changed, f"{mutant.name}: no function changed"


def _all_codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_codes(constant)


def _said(code: CodeType) -> tuple[object, ...]:
    """Return what code does, whatever lines it stands on."""
    constants = tuple(
        _said(constant) if isinstance(constant, CodeType) else constant
        for constant in code.co_consts
    )
    return code.co_code, constants, code.co_names
