"""An app on fastapi-users and the same one on the kit run beside each other, over one table."""

import difflib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.example.old_environment import old_python
from tests.example.server import free_port

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "from-fastapi-users"
SECRET = "R3pWm8Zt1vQx5Lk9Yb2Nc7Hd4Jf6Gs0A"
PASSWORD = "correct horse battery"

both = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def environment(url: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ours = {"DATABASE_URL": url, "SECRET_KEY": SECRET, "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **ours, "PYTHONPATH": f"{FOLDER}:{ROOT / 'src'}"}


@contextmanager
def served(python: str, app: str, url: str) -> Iterator[httpx2.Client]:
    """Serve an app as its README does."""
    port = free_port()
    process = subprocess.Popen(
        [python, "-m", "uvicorn", app, "--port", str(port), "--log-level", "warning"],
        cwd=FOLDER,
        env=environment(url),
        start_new_session=True,
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            _wait_for(client, process)
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait_for(client: httpx2.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            client.get("/openapi.json")
            return
        except httpx2.TransportError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline
            time.sleep(0.1)


@dataclass(frozen=True)
class Apps:
    """Both versions, and the database under them."""

    old: httpx2.Client
    new: httpx2.Client
    url: str

    def register(self, email: str) -> str:
        """Make an account in the old app and return its id."""
        answer = self.old.post("/auth/register", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        key: str = answer.json()["id"]
        return key

    def old_login(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        form = {"username": email, "password": password}
        return self.old.post("/auth/jwt/login", data=form)

    def new_login(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        return self.new.post("/auth/login", json={"email": email, "password": password})

    def prepare(self) -> None:
        prepare(self.url)


def prepare(url: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "after.migrate"], cwd=FOLDER, env=environment(url), check=True
    )


@pytest.fixture
def old_app(fresh_database_url: str) -> Iterator[httpx2.Client]:
    with served(old_python(), "before.app:app", fresh_database_url) as client:
        yield client


@pytest.fixture
def apps(old_app: httpx2.Client, fresh_database_url: str) -> Iterator[Apps]:
    early = {"email": "Early@example.com", "password": PASSWORD}
    assert old_app.post("/auth/register", json=early).status_code == 201
    prepare(fresh_database_url)
    with served(sys.executable, "after.app:app", fresh_database_url) as new_app:
        yield Apps(old_app, new_app, fresh_database_url)


def token_of(answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@both
def test_both_apps_serve_the_accounts_of_both(apps: Apps) -> None:
    key = apps.register("ada@example.com")
    made = apps.new.post("/auth/register", json={"email": "bob@example.com", "password": PASSWORD})
    assert made.status_code == 201, made.text

    # the hash is replaced at each change of app, and fits the other one all the same
    for _ in range(2):
        for email in ("early@example.com", "ada@example.com", "bob@example.com"):
            old, new = token_of(apps.old_login(email)), token_of(apps.new_login(email))
            for app, token in ((apps.old, old), (apps.new, new)):
                answer = app.get("/authenticated-route", headers=token)
                assert answer.json() == {"message": f"Hello {email}!"}

    me = apps.new.get("/users/me", headers=token_of(apps.new_login("ada@example.com")))
    assert me.json()["id"] == key


@both
def test_what_does_not_work_meanwhile_is_what_the_readme_says(apps: Apps) -> None:
    apps.register("Late@example.com")
    old = token_of(apps.old_login("early@example.com"))
    new = token_of(apps.new_login("early@example.com"))

    # a token is of one app
    assert apps.new.get("/users/me", headers=old).status_code == 401
    assert apps.old.get("/users/me", headers=new).status_code == 401
    # capital letters in an address, until the table is prepared again
    assert apps.new_login("late@example.com").status_code == 401
    apps.prepare()
    assert apps.new_login("late@example.com").status_code == 200
    assert apps.old_login("Late@example.com").status_code == 200
    # a password that is changed in the old app ends no session of the new one
    changed = apps.old.patch("/users/me", json={"password": "another horse battery"}, headers=old)
    assert changed.status_code == 200
    assert apps.new.get("/users/me", headers=new).status_code == 200
    assert apps.new_login("early@example.com").status_code == 401
    assert apps.new_login("early@example.com", "another horse battery").status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_accounts_of_one_mailbox_stop_the_preparation(
    old_app: httpx2.Client, fresh_database_url: str
) -> None:
    old_app.post("/auth/register", json={"email": "ada@example.com", "password": PASSWORD})
    with sqlite3.connect(fresh_database_url.partition("///")[2]) as table:
        table.execute(
            "INSERT INTO \"user\" SELECT replace(id, substr(id, 1, 4), 'ffff'), "
            "'ADA@example.com', hashed_password, is_active, is_superuser, is_verified "
            'FROM "user"'
        )
    table.close()

    with pytest.raises(subprocess.CalledProcessError):
        prepare(fresh_database_url)


@pytest.mark.parametrize("name", ["db.py", "users.py", "app.py"])
def test_the_readme_shows_the_difference(name: str) -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    shown = re.findall(r"^```diff\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)

    assert difference(name) in shown


def difference(name: str) -> str:
    """Return what ``diff -u before after`` says of a file."""
    sides = [(FOLDER / side / name).read_text("utf-8").splitlines(True) for side in SIDES]
    return "".join(difflib.unified_diff(*sides, *(f"{side}/{name}" for side in SIDES)))


SIDES = ("before", "after")
