"""The example app on each database, with several workers, over real sockets."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.example.server import FOLDER, SECRET, environment, free_port, running

ADMIN = {"email": "admin@example.com", "password": "an admin of the example"}


@pytest.fixture
def example(fresh_database_url: str) -> Iterator[httpx2.Client]:
    """A client of the app, which runs with two workers that start at once."""
    port = free_port()
    settings = {
        "DATABASE_URL": fresh_database_url,
        "SECRET_KEY": SECRET,
        "FIRST_SUPERUSER": ADMIN["email"],
        "FIRST_SUPERUSER_PASSWORD": ADMIN["password"],
    }
    command = ["-m", "uvicorn", "app.main:app", "--workers", "2", "--port", str(port)]
    two_are_up = r"(?s)startup complete.*startup complete"
    with (
        running(command, settings, ready=two_are_up),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


def _sign_in(client: httpx2.Client, account: dict[str, str]) -> dict[str, Any]:
    form = {"username": account["email"], "password": account["password"]}
    answer = client.post("/api/auth/login", data=form)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


def _headers(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def test_a_person_and_an_administrator_do_their_main_jobs(example: httpx2.Client) -> None:
    ada = {"email": "ada@example.com", "password": "correct horse battery"}
    registered = example.post("/api/auth/register", json={**ada, "name": "Ada"})
    assert registered.status_code == 201

    first = _sign_in(example, ada)
    refreshed = example.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    sessions = example.get("/api/auth/sessions", headers=_headers(refreshed.json()))
    assert [row["current"] for row in sessions.json()] == [True]
    out = example.post("/api/auth/logout", headers=_headers(refreshed.json()))
    assert out.status_code == 204

    admin = _headers(_sign_in(example, ADMIN))
    listed = example.get("/api/users", params={"q": "ada"}, headers=admin).json()
    user_path = f"/api/users/{listed['items'][0]['id']}"
    changed = example.patch(user_path, json={"is_active": False}, headers=admin)
    assert changed.json()["is_active"] is False
    refused = example.post("/api/auth/login", json=ada)
    assert refused.json()["code"] == "inactive_user"


def test_workers_that_start_at_once_make_one_superuser(example: httpx2.Client) -> None:
    admin = _headers(_sign_in(example, ADMIN))

    listed = example.get("/api/users", headers=admin).json()

    assert [user["email"] for user in listed["items"]] == [ADMIN["email"]]
    assert listed["items"][0]["is_superuser"] is True


def test_every_answer_says_how_long_it_took(example: httpx2.Client) -> None:
    answers = [example.get("/health"), example.get("/nowhere"), example.get("/api/users/me")]

    assert [answer.status_code for answer in answers] == [200, 404, 401]
    assert answers[0].json() == {"status": "healthy"}
    assert all(float(answer.headers["X-Process-Time"]) > 0 for answer in answers)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "secret_key has 5 bytes and needs 32"),
        ({"SECRET_KEY": "change-me-change-me-change-me-change-me"}, "is a placeholder"),
        ({"SECRET_KEY": SECRET, "THROTTLING": "off"}, "needs DEBUG=true"),
        ({"SECRET_KEY": SECRET, "ALGORITHM": "none"}, "ALGORITHM"),
        ({"SECRET_KEY": SECRET, "FIRST_SUPERUSER": "a@example.com"}, "FIRST_SUPERUSER_PASSWORD"),
    ],
)
def test_a_bad_setting_is_refused_at_start(settings: dict[str, str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import app.main"],
        cwd=FOLDER,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert sentence in done.stderr
