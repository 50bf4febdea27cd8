"""What must be true of the source itself, read as Python reads it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import fastauth_kit

ROOT = Path(fastauth_kit.__file__).parent
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))
TREES = {name: ast.parse((ROOT / name).read_text("utf-8")) for name in MODULES}


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Yield the calls of functions and methods with these last names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in names:
                yield node


def modules_that_call(*names: str) -> set[str]:
    return {module for module, tree in TREES.items() if any(calls(tree, *names))}


def modules_that_name(*names: str) -> set[str]:
    """Return the modules where a name is read, imported, or looked up as an attribute."""
    return {
        module
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id in names)
        or (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.alias) and node.name in names)
        # looked up by its name at run time
        or (isinstance(node, ast.Constant) and node.value in names)
    }


def imported(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Yield every imported name in full, as in ``datetime.datetime``, and its statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def modules_that_import(*packages: str) -> set[str]:
    return {
        module
        for module, tree in TREES.items()
        for name, _ in imported(tree)
        if any(f"{name}.".startswith(f"{package}.") for package in packages)
    }


def test_only_finish_login_asks_for_a_session() -> None:
    assert modules_that_name("issue_session") == {"core/login.py"}


def test_it_is_finish_login_and_nothing_else_there() -> None:
    functions = [
        node.name
        for node in ast.walk(TREES["core/login.py"])
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
        and any(calls(node, "issue_session"))
    ]

    assert functions == ["finish_login"]


def test_only_the_issuer_inserts_a_session() -> None:
    """Nobody else under ``sessions`` inserts, and nobody outside builds a row of its model."""
    in_sessions = {
        name
        for name in modules_that_call("insert", "add", "reserve", "merge")
        if name.startswith("features/sessions/")
    }

    # router.py adds routes to a table of routes
    assert in_sessions == {"features/sessions/statements.py", "features/sessions/router.py"}
    # the others add failed logins, events, and accounts that are imported
    inserting = {
        "features/sessions/statements.py",
        "features/lockout/feature.py",
        "features/audit/recording.py",
        "surfaces/importing/writing.py",
    }
    assert modules_that_call("insert") == inserting
    assert modules_that_call("insert_session") == {"features/sessions/feature.py"}


def test_the_one_insert_is_in_issue_session() -> None:
    functions = [
        node.name
        for node in ast.walk(TREES["features/sessions/feature.py"])
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
        and any(calls(node, "insert_session"))
    ]

    assert functions == ["issue_session"]


def test_the_session_model_is_known_to_its_own_feature_alone() -> None:
    outside = {
        name
        for name in modules_that_name("SessionMixin")
        if not name.startswith("features/sessions/")
    }

    # one makes a form of it for SQLModel, and no row; the demonstration is a caller's app
    assert outside == {
        "__init__.py",
        "surfaces/sqlmodel/__init__.py",
        "surfaces/cli/demo/app.py",
    }


def test_every_first_factor_goes_through_the_gate() -> None:
    """``finish_login`` itself is called by the gate, and by what finished a second factor."""
    after_a_second_factor: set[str] = set()
    # refuses to work unless pytest runs a test
    in_tests_alone = {"surfaces/testing/users.py"}

    assert modules_that_call("finish_login") == {
        "core/login.py",
        *after_a_second_factor,
        *in_tests_alone,
    }


def test_whoever_signs_in_calls_the_gate() -> None:
    assert modules_that_call("finish_first_factor") == {
        "features/magic_links/feature.py",
        "features/passwords/feature.py",
    }


def test_tokens_are_made_from_an_issued_or_rotated_session_only() -> None:
    assert modules_that_call("make_refresh_token") == {
        "features/sessions/feature.py",
        "features/sessions/rotation.py",
    }
    assert modules_that_call("make_access_token") == {"features/sessions/feature.py"}


def test_randomness_comes_from_one_module() -> None:
    """``core/http.py`` takes the jitter of its pauses from ``random``: no secret hangs on it."""
    sources = ("secrets", "random", "os.urandom", "uuid.uuid1", "uuid.uuid4", "numpy")

    assert modules_that_import(*sources) == {"core/secrets.py", "core/http.py"}


def test_the_one_use_of_random_is_the_pause_between_attempts() -> None:
    tree = TREES["core/http.py"]
    users = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(isinstance(part, ast.Name) and part.id == "random" for part in ast.walk(node))
    ]

    assert users == ["_backoff_seconds"]
    assert not list(calls(tree, "urandom", "getrandbits", "token_bytes", "token_urlsafe"))


def test_the_time_comes_from_one_function() -> None:
    """Everything else asks ``work.now`` or the clock of the installation."""
    assert modules_that_call("now", "utcnow", "today", "time", "time_ns") == {"core/models.py"}


def test_nothing_imports_a_clock() -> None:
    assert modules_that_import("time") == set()


def test_the_one_clock_is_utc_now() -> None:
    functions = [
        node.name
        for node in ast.walk(TREES["core/models.py"])
        if isinstance(node, ast.FunctionDef) and any(calls(node, "now", "utcnow", "today"))
    ]

    assert functions == ["utc_now"]


def test_the_network_is_nobodys_but_the_mailers() -> None:
    """What needs it goes through a port that the caller may replace."""
    clients = (
        "socket",
        "ssl",
        "http.client",
        "urllib.request",
        "httpx",
        "httpx2",
        "aiohttp",
        "requests",
        "smtplib",
        "aiosmtplib",
        "dns",
    )

    # calls the app under test, without a server
    within_the_process = {"surfaces/testing/credentials.py"}

    assert modules_that_import(*clients) == {"features/mail/smtp.py", *within_the_process}


def test_no_import_hides_in_a_function() -> None:
    hidden = {
        f"{module}:{node.lineno}"
        for module, tree in TREES.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert hidden == set()


def test_nothing_is_imported_by_a_name_made_at_run_time() -> None:
    """But for the app that an operator names, and the server of the demonstration."""
    calls_by_name = modules_that_call(
        "import_module", "__import__", "exec", "eval", "run_module", "run_path"
    )

    assert calls_by_name == {"surfaces/cli/target.py", "surfaces/cli/demo/command.py"}


def test_fastapi_can_resolve_what_routes_are_annotated_with() -> None:
    """A router whose annotations are text would lose the types of its closures."""
    assert modules_that_import("__future__") == set()


def test_nothing_is_compared_with_a_deadline_of_its_own() -> None:
    """Pauses would make time part of an answer.

    The one between attempts is in core/http.py; pruning, a job that answers
    nobody, rests between its batches, and a mailer between its attempts.
    """
    assert modules_that_call("sleep") == {
        "core/http.py",
        "core/pruning.py",
        "features/mail/smtp.py",
    }


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_read_in_one_sitting(module: str) -> None:
    lines = (ROOT / module).read_text("utf-8").count("\n")

    assert lines < 300
