"""``python -m app.create_superuser``, as it is typed, on each database."""

import subprocess
import sys

from tests.example.inside import PASSWORD, Example
from tests.example.server import FOLDER, SECRET, environment

BY_HAND = "typed by somebody"


def create(url: str, *arguments: str, password: str = BY_HAND) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.create_superuser", *arguments],
        cwd=FOLDER,
        env=environment(DATABASE_URL=url, SECRET_KEY=SECRET),
        input=f"{password}\n",
        capture_output=True,
        text=True,
        check=False,
    )


async def test_it_makes_one_with_a_profile(inside_app: Example, fresh_database_url: str) -> None:
    done = create(fresh_database_url, "Root@example.com")
    login = {"email": "root@example.com", "password": BY_HAND}
    tokens = (await inside_app.client.post("/api/auth/login", json=login)).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    listed = await inside_app.client.get("/api/users", headers=headers)
    profile = await inside_app.client.get("/api/users/me/profile", headers=headers)

    assert (done.returncode, done.stdout) == (0, "Made the superuser Root@example.com.\n")
    assert [user["is_superuser"] for user in listed.json()["items"]] == [True]
    assert profile.status_code == 200


async def test_it_promotes_somebody_who_keeps_their_password(
    inside_app: Example, fresh_database_url: str
) -> None:
    ada = await inside_app.person()

    done = create(fresh_database_url, ada.email)
    listed = await inside_app.client.get("/api/users", headers=ada.headers)
    login = {"email": ada.email, "password": PASSWORD}

    assert (done.returncode, done.stdout) == (0, "ada@example.com is a superuser now.\n")
    assert listed.status_code == 200
    assert (await inside_app.client.post("/api/auth/login", json=login)).status_code == 200


async def test_what_cannot_be_is_said_in_a_sentence(
    inside_app: Example, fresh_database_url: str
) -> None:
    weak = create(fresh_database_url, "root@example.com", password="short")
    strange = create(fresh_database_url, "root")
    unsaid = create(fresh_database_url)

    assert weak.stderr == "Use at least 8 characters.\n"
    assert strange.stderr == "Not a valid e-mail address.\n"
    assert unsaid.stderr == "Usage: python -m app.create_superuser ADDRESS\n"
    assert 0 not in {weak.returncode, strange.returncode, unsaid.returncode}
    assert await inside_app.execute("SELECT count(*) FROM users") == [0]
