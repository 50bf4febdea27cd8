"""The command that imports accounts, as operators call it."""

import csv
import io
import json
import os
import pty
import sqlite3
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, select

from fastauth_kit.features.passwords import default_context
from fastauth_kit.surfaces.cli import main
from tests.kit_app import SYNC_DRIVERS, IntBase, IntUser
from tests.surfaces.importing.importing_app import HASH

ROOT = Path(__file__).parents[3]

APP = """
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from fastauth_kit import Accounts, AuthKit, AuthSettings, Passwords, Sessions
from tests.kit_app import IntSession, IntUser

maker = {maker}({engine}({url!r}))

{get_session}

auth = AuthKit(
    user_model=IntUser,
    get_session=get_session,
    settings=AuthSettings(secret_key="a secret of the tests, 32 bytes and more of it"),
    features=(Accounts(), Passwords(), Sessions(model=IntSession)),
)
"""
ASYNC = """
async def get_session():
    async with maker() as session:
        yield session
"""
SYNC = """
def get_session():
    with maker() as session:
        yield session
"""


def write_app(folder: Path, url: str, style: str) -> None:
    if style == "async":
        parts = {"maker": "async_sessionmaker", "engine": "create_async_engine"}
    else:
        address = make_url(url)
        backend = address.get_backend_name()
        address = address.set(drivername=f"{backend}+{SYNC_DRIVERS[backend]}")
        url = address.render_as_string(hide_password=False)
        parts = {"maker": "sessionmaker", "engine": "create_engine"}
    get_session = ASYNC if style == "async" else SYNC
    program = APP.format(url=url, get_session=get_session, **parts)
    (folder / "shop.py").write_text(program)


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "fastauth_kit", "import-users", *map(str, words)]


def environment(**more: str) -> dict[str, str]:
    ours = {
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "120",
    }
    return {**os.environ, **ours, "FASTAUTH_APP": "shop:auth", **more}


class Shop:
    """An app in a folder, and the command called there.

    Called in this process where nothing depends on another one: that is quicker.
    """

    def __init__(
        self, folder: Path, url: str, style: str, here: pytest.MonkeyPatch | None = None
    ) -> None:
        self.folder = folder
        self.url = url
        self._here = here
        write_app(folder, url, style)

    def call(
        self, *words: str | Path, stdin: bytes = b"", **more: str
    ) -> subprocess.CompletedProcess[str]:
        call = self._call_outside if self._here is None else self._call_here
        done = call(words, stdin, more)
        assert "Traceback" not in done.stderr, done.stderr
        assert HASH not in done.stdout + done.stderr
        return done

    def _call_outside(self, words: Any, stdin: bytes, more: Any) -> Any:
        return subprocess.run(
            command(*words),
            cwd=self.folder,
            env=environment(**more),
            input=stdin.decode(),
            capture_output=True,
            text=True,
            check=False,
        )

    def _call_here(self, words: Any, stdin: bytes, more: Any) -> Any:
        assert self._here is not None
        with self._here.context() as patch:
            patch.chdir(self.folder)
            patch.delitem(sys.modules, "shop", raising=False)
            patch.setattr(sys, "path", list(sys.path))
            patch.setattr(sys, "argv", command(*words)[2:])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            for name, value in environment(**more).items():
                patch.setenv(name, value)
            said, complained = io.StringIO(), io.StringIO()
            with (
                redirect_stdout(said),
                redirect_stderr(complained),
                pytest.raises(SystemExit) as end,
            ):
                main()
            patch.delitem(sys.modules, "shop", raising=False)
        return subprocess.CompletedProcess(
            words, end.value.code, said.getvalue(), complained.getvalue()
        )

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def report(self, *words: str | Path, status: int = 0, **more: Any) -> dict[str, Any]:
        done = self.call(*words, "--json", **more)
        assert done.returncode == status, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def rows(self) -> dict[str, Any]:
        address = make_url(self.url)
        backend = address.get_backend_name()
        engine = create_engine(address.set(drivername=f"{backend}+{SYNC_DRIVERS[backend]}"))
        with engine.connect() as connection:
            found = connection.execute(select(IntUser.__table__)).mappings().all()
        engine.dispose()
        return {row["email"]: row for row in found}


@pytest.fixture(params=["async", "sync"])
def anywhere(tables: str, tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    """An app on each kind of database, with each kind of session."""
    return Shop(tmp_path, tables, request.param)


@pytest.fixture
def anywhere_here(anywhere: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The same, called in this process."""
    anywhere._here = monkeypatch
    return anywhere


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """An app on SQLite, where the database makes no difference."""
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    IntBase.metadata.create_all(engine)
    engine.dispose()
    return Shop(tmp_path, f"sqlite+aiosqlite:///{tmp_path}/shop.db", "async", monkeypatch)


CSV = f"email,hashed_password,name\nAda@example.com,{HASH},Ada\nbob@example.com,{HASH},\n"


def test_a_file_becomes_accounts(anywhere: Shop) -> None:
    file = anywhere.file("users.csv", CSV)

    first = anywhere.report(file)
    second = anywhere.report(file)

    assert (first["imported"], first["already_there"]) == (2, 0)
    assert (second["imported"], second["already_there"]) == (0, 2)
    assert anywhere.rows()["ada@example.com"]["name"] == "Ada"


def test_a_killed_import_is_completed_by_the_next(tables: str, tmp_path: Path) -> None:
    shop = Shop(tmp_path, tables, "async")
    rows = [json.dumps({"email": f"user{n}@example.com"}) for n in range(1000)]
    running = subprocess.Popen(
        command("-", "--batch", "100"), cwd=tmp_path, env=environment(), stdin=subprocess.PIPE
    )
    assert running.stdin is not None
    # the rest of the source does not come: it waits in the middle
    running.stdin.write("\n".join(rows[:550]).encode() + b"\n")
    running.stdin.flush()
    waiting = time.monotonic() + 60
    while len(shop.rows()) < 500:
        assert time.monotonic() < waiting
        time.sleep(0.05)
    running.kill()
    running.stdin.close()
    running.wait()

    report = shop.report("-", stdin="\n".join(rows).encode())

    assert (report["imported"], report["already_there"]) == (500, 500)
    assert len(shop.rows()) == 1000


def test_two_imports_at_once_make_each_account_once(tables: str, tmp_path: Path) -> None:
    shop = Shop(tmp_path, tables, "async")
    rows = [
        json.dumps({"email": f"user{n}@example.com", "hashed_password": HASH}) for n in range(900)
    ]
    file = shop.file("users.jsonl", "\n".join(rows))
    both = [
        subprocess.Popen(
            command(file, "--json", "--batch", "50"),
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]

    reports = [json.loads(each.communicate()[0]) for each in both]

    assert [each["left_out"] for each in reports] == [{}, {}]
    assert all(each["imported"] + each["already_there"] == 900 for each in reports)
    assert len(shop.rows()) == 900


def test_the_table_names_what_was_left_out(shop: Shop) -> None:
    rows = [
        {"email": "ada@example.com", "is_superuser": True, "shoes": 38},
        {"email": "ADA@example.com"},
        {"email": "nothing"},
        {"email": "bob@example.com", "hashed_password": "hunter2-in-the-clear"},
    ]
    file = shop.file("users.jsonl", "\n".join(map(json.dumps, rows)))

    done = shop.call(file, "--dry-run")

    assert done.returncode == 3
    for said in (
        "would be imported",
        "2 (as 1)",
        "not a valid address",
        "a password hash that nobody can read",
        "Superusers: ada@example.com",
        "does not have: shoes",
        "Nothing was written.",
    ):
        assert said in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert done.stderr == ""
    assert shop.rows() == {}


def test_markup_in_a_source_is_text(shop: Shop) -> None:
    row = {"email": "[red]@example.com", "[/bold]": 1, "is_superuser": True}
    file = shop.file("users.jsonl", json.dumps(row) + '\n{"email": "a[bold]b@example.com"}\n')

    assert shop.call(file).returncode == 3


def test_many_lines_of_one_kind_are_counted_and_ten_are_named(shop: Shop) -> None:
    file = shop.file("users.csv", "email\n" + "x\n" * 12)

    done = shop.call(file)

    assert "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ..." in done.stdout


def test_standard_input_is_read_as_it_is_said(shop: Shop) -> None:
    shop.report("-", stdin=b'{"email": "a@example.com"}\n')
    shop.report("-", "--format", "csv", stdin=b"email\nb@example.com\n")
    shop.report("-", "--format", "json", stdin=b'{"users": [{"email": "c@example.com"}]}')

    assert sorted(shop.rows()) == ["a@example.com", "b@example.com", "c@example.com"]


def test_columns_are_mapped(shop: Shop) -> None:
    file = shop.file("users.csv", f"mail;pw\nada@example.com;{HASH}\n".encode("utf-16"))

    words = ("--map", "mail=email", "--map", "pw=hashed_password", "--encoding", "utf-16")
    shop.report(file, *words, "--delimiter", ";")

    assert shop.rows()["ada@example.com"]["hashed_password"] == HASH


def test_the_ids_are_written_down(shop: Shop) -> None:
    file = shop.file("users.csv", "id,email\nx1,ada@example.com\nx2,bob@example.com\n")

    shop.report(file, "--id-map", "ids.csv", "--dry-run")
    assert not (shop.folder / "ids.csv").exists()
    shop.report(file, "--id-map", "ids.csv")

    with (shop.folder / "ids.csv").open(newline="") as written:
        lines = list(csv.reader(written))
    ids = {email: str(row["id"]) for email, row in shop.rows().items()}
    assert lines == [
        ["source_id", "id"],
        ["x1", ids["ada@example.com"]],
        ["x2", ids["bob@example.com"]],
    ]


@pytest.mark.parametrize("theirs", ["shop.db", "notes.txt"])
def test_a_map_of_ids_takes_the_place_of_no_other_file(shop: Shop, theirs: str) -> None:
    file = shop.file("users.csv", "id,email\nx1,ada@example.com\n")
    kept = shop.folder / theirs
    if not kept.exists():
        kept.write_text("not to be lost")
    before = kept.read_bytes()

    done = shop.call(file, "--id-map", theirs)

    assert (done.returncode, kept.read_bytes()) == (1, before)
    assert "is no map of ids" in done.stderr


def test_a_run_that_is_refused_leaves_the_map_of_the_one_before(shop: Shop) -> None:
    file = shop.file("users.csv", "id,email\nx1,ada@example.com\n")
    shop.report(file, "--id-map", "ids.csv")
    before = (shop.folder / "ids.csv").read_bytes()

    done = shop.call(shop.file("empty.csv", ""), "--id-map", "ids.csv")

    assert (done.returncode, (shop.folder / "ids.csv").read_bytes()) == (1, before)
    assert sorted(path.suffix for path in shop.folder.iterdir() if path.is_file()) == sorted(
        [".csv", ".csv", ".csv", ".db", ".py"]
    )


def test_a_column_that_was_named_wins_over_its_namesake(shop: Shop) -> None:
    file = shop.file("users.csv", "login_mail,email\nreal@example.com,shown@example.com\n")

    report = shop.report(file, "--map", "login_mail=email")

    assert list(shop.rows()) == ["real@example.com"]
    assert report["unknown_columns"] == ["email"]


def test_a_column_that_was_named_takes_the_place_of_the_presets(shop: Shop) -> None:
    file = shop.file("users.csv", f"email,password,pw\nada@example.com,other,{HASH}\n")

    shop.report(file, "--preset", "django", "--map", "pw=hashed_password")

    assert shop.rows()["ada@example.com"]["hashed_password"] == HASH


FIREBASE_HASH = (
    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
)
FIREBASE_PARAMETERS = """hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
"""  # noqa: E501  # as the console shows it


def test_an_export_of_firebase_is_read_with_the_parameters_of_its_console(shop: Shop) -> None:
    """The sample of the README of firebase/scrypt."""
    export = {
        "users": [
            {
                "localId": "x1",
                "email": "ada@example.com",
                "emailVerified": True,
                "passwordHash": FIREBASE_HASH,
                "salt": "42xEC+ixf3L2lw==",
                "createdAt": "1486324027000",
                "disabled": True,
                "providerUserInfo": [],
            },
            {"localId": "x2", "email": "google@example.com", "providerUserInfo": [{"a": "b"}]},
            {"localId": "x3", "email": "bad@example.com", "passwordHash": "AAAA", "salt": "AAAA"},
        ]
    }
    file = shop.file("users.json", json.dumps(export))
    parameters = shop.file("parameters.txt", FIREBASE_PARAMETERS)

    words = ("--preset", "firebase", "--firebase-parameters", parameters)
    report = shop.report(file, *words, status=3)

    ada = shop.rows()["ada@example.com"]
    stored = ada["hashed_password"]
    assert report["imported"] == 2
    assert report["unknown_columns"] == ["providerUserInfo"]
    assert default_context().verify("user1password", stored)
    assert (bool(ada["is_active"]), bool(ada["is_verified"])) == (False, True)
    assert str(ada["created_at"]).startswith("2017-02-05 19:47:07")


@pytest.mark.parametrize(
    "parameters", ["", FIREBASE_PARAMETERS.replace("jxsp", "j"), b"\xff", "rounds: 8"]
)
def test_parameters_that_are_none_are_refused_without_repeating_them(
    shop: Shop, parameters: str | bytes
) -> None:
    file = shop.file("parameters.txt", parameters)

    done = shop.call("-", "--firebase-parameters", file)

    assert done.returncode == 1
    assert "base64_signer_key, base64_salt_separator, rounds and mem_cost" in done.stderr
    assert "1210wjLNmd" not in done.stderr


def test_a_table_of_another_database_is_read(anywhere_here: Shop, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute(
            "CREATE TABLE wp_users (ID INTEGER PRIMARY KEY, user_login TEXT, user_pass TEXT, "
            "user_email TEXT, user_registered TEXT, display_name TEXT)"
        )
        old.execute(
            "INSERT INTO wp_users VALUES (7, 'ada', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0', "
            "'Ada@example.com', '2019-05-06 07:08:09', 'Ada')"
        )
    old.close()

    report = anywhere_here.report(
        "--preset", "wordpress", "--keep-ids", FASTAUTH_IMPORT_URL=f"sqlite:///{tmp_path}/old.db"
    )

    ada = anywhere_here.rows()["ada@example.com"]
    assert (report["imported"], report["unknown_columns"]) == (1, ["user_login"])
    assert (ada["id"], ada["name"]) == (7, "Ada")


def test_a_table_is_not_imported_into_itself(anywhere_here: Shop) -> None:
    done = anywhere_here.call("--from-url", anywhere_here.url, "--table", "int_users")

    assert done.returncode == 1
    assert "a migration takes it over in place" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "name one source"),
        (("nowhere.csv",), "nowhere.csv: No such file"),
        (("folder",), "Is a directory"),
        (("empty.csv",), "empty"),
        (("empty.csv", "--encoding", "klingon"), "--encoding"),
        (("empty.csv", "--delimiter", "::"), "--delimiter"),
        (("empty.csv", "--map", "mail"), "theirs=ours"),
        (("empty.csv", "--map", "a=email", "--map", "b=email"), "two columns one name"),
        (("empty.csv", "--id-map", "folder/../empty.csv"), "the source itself"),
        (("--from-url", "sqlite:///shop.db"), "--table"),
        (("empty.csv", "--from-url", "sqlite:///shop.db", "--table", "x"), "name one source"),
        (("--from-url", "sqlite:///nowhere.db", "--table", "x"), "no such SQLite file"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    shop: Shop, words: tuple[str, ...], sentence: str
) -> None:
    (shop.folder / "folder").mkdir()
    shop.file("empty.csv", "")

    done = shop.call(*words)

    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr


def test_a_database_that_is_away_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "postgresql+asyncpg://postgres:hunter2@127.0.0.1:1/nowhere"
    shop = Shop(tmp_path, nowhere, "async", monkeypatch)

    done = shop.call("-", stdin=b'{"email": "a@example.com"}\n')

    assert done.returncode == 1
    assert "hunter2" not in done.stderr


def test_tables_that_do_not_fit_are_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path, f"sqlite+aiosqlite:///{tmp_path}/empty.db", "async", monkeypatch)

    done = shop.call("-", stdin=b'{"email": "a@example.com"}\n')

    assert done.returncode == 1
    assert "a@example.com" not in done.stderr


def test_progress_is_shown_on_a_terminal_alone(shop: Shop) -> None:
    file = shop.file("users.csv", CSV)
    leader, follower = pty.openpty()

    done = subprocess.run(
        command(file),
        cwd=shop.folder,
        env=environment(),
        stderr=follower,
        stdout=subprocess.PIPE,
        check=True,
    )
    os.close(follower)
    seen = os.read(leader, 100_000).decode()
    os.close(leader)

    assert "rows" in seen
    assert b"imported" in done.stdout
    assert shop.call(file).stderr == ""
