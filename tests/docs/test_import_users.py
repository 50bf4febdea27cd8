"""``docs/how-to/import-users.md``: its commands, and its program."""

import gzip
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from tests.docs.programs import EXAMPLES, environment, load

HASH = bcrypt.hashpw(b"correct horse battery", bcrypt.gensalt(4)).decode()
FIREBASE = {
    "localId": "x1",
    "email": "firebase@example.com",
    "passwordHash": (
        "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
    ),
    "salt": "42xEC+ixf3L2lw==",
}
FIREBASE_PARAMETERS = """hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
"""  # noqa: E501  # as the console shows it


def write_table(file: Path, name: str, **row: Any) -> None:
    with sqlite3.connect(file) as database:
        columns = ", ".join(f"{column} NOT NULL" for column in row if column.lower() != "id")
        key = next(column for column in row if column.lower() == "id")
        kind = "INTEGER" if isinstance(row[key], int) else "CHAR(36)"
        database.execute(f'CREATE TABLE "{name}" ({key} {kind} PRIMARY KEY, {columns})')
        marks = ", ".join(f":{column}" for column in row)
        database.execute(f'INSERT INTO "{name}" ({", ".join(row)}) VALUES ({marks})', row)
    database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the commands are run: the app, its tables, and what people bring."""
    shutil.copy(EXAMPLES / "ten_lines.py", tmp_path)
    (tmp_path / "users.csv").write_text(f"mail,hashed_password\ncsv@example.com,{HASH}\n")
    with gzip.open(tmp_path / "users.jsonl.gz", "wt") as lines:
        lines.write(json.dumps({"id": "x1", "email": "jsonl@example.com"}) + "\n")
    (tmp_path / "users.json").write_text(json.dumps({"users": [FIREBASE]}))
    (tmp_path / "firebase.txt").write_text(FIREBASE_PARAMETERS)
    write_table(
        tmp_path / "django.db",
        "auth_user",
        id=4000,
        password=f"bcrypt${HASH}",
        email="django@example.com",
        is_superuser=0,
        is_active=1,
        date_joined="2019-05-06 07:08:09.123456",
    )
    write_table(
        tmp_path / "fastapi-users.db",
        "user",
        id="3e86d9a5-7a3f-4d5a-9d6e-0f4a2b1c8d7e",
        email="FastAPI-Users@example.com",
        hashed_password=HASH,
        is_active=1,
        is_superuser=0,
        is_verified=1,
    )
    write_table(
        tmp_path / "wordpress.db",
        "wp_users",
        ID=7,
        user_pass="$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
        user_email="wordpress@example.com",
        user_registered="2019-05-06 07:08:09",
        display_name="Word Press",
    )
    making = (
        "import asyncio, ten_lines as app\n"
        "async def make():\n"
        "    async with app.engine.begin() as connection:\n"
        "        await connection.run_sync(app.Base.metadata.create_all)\n"
        "    await app.engine.dispose()\n"
        "asyncio.run(make())"
    )
    run(tmp_path, sys.executable, "-c", making)
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    settings = {**environment(), "SECRET_KEY": "c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n", "COLUMNS": "120"}
    return subprocess.run(
        command, cwd=folder, env=settings, capture_output=True, text=True, check=True
    )


def test_the_commands_bring_everybody(folder: Path) -> None:
    done = run(folder, "bash", str(EXAMPLES / "import.sh"))

    with sqlite3.connect(folder / "app.db") as database:
        rows = database.execute("SELECT email, id, name, hashed_password FROM users").fetchall()
    database.close()
    users = {row[0]: row[1:] for row in rows}
    assert sorted(users) == [
        f"{name}@example.com"
        for name in ("csv", "django", "fastapi-users", "firebase", "jsonl", "wordpress")
    ]
    assert users["django@example.com"][0] == 4000
    assert users["wordpress@example.com"][1] == "Word Press"
    assert users["firebase@example.com"][2].startswith("$firebase-scrypt$")
    assert (folder / "ids.csv").read_text().splitlines()[1].startswith("x1,")
    assert done.stdout.count("Nothing was written.") == 1


async def test_the_program_imports_its_own_source(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n")
    monkeypatch.chdir(folder)
    app = load("ten_lines.py")

    report = await load("import_users.py").import_colleagues(app.auth, app.maker)

    await app.auth.aclose()
    await app.engine.dispose()
    assert (report.imported, report.is_complete) == (2, True)
