"""The page on signing keys: its options, its script, and the service that verifies."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fastauth_kit.features.signing_keys import (
    SigningKeys,
    generate_key,
    list_keys,
    new_key_set,
)
from tests.docs.pages import code_in, table
from tests.docs.programs import ADA, DOCS, EXAMPLES, environment, load, running, sign_up
from tests.docs.test_reference import options_of

PAGE = DOCS / "features" / "signing-keys.md"
JWKS = "/api/auth/.well-known/jwks.json"


@pytest.fixture
def key_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a key set, made by the script."""
    file = tmp_path / "keys.json"
    monkeypatch.setenv("KEY_SET_FILE", str(file))
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests, 32 bytes and more of it")
    load("rotate_keys.py").run("new", file)
    return file


def rotate(step: str, file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "rotate_keys.py", step, str(file)]
    return subprocess.run(
        command, cwd=EXAMPLES, env=environment(), capture_output=True, text=True, check=False
    )


def test_every_option_is_on_the_page_with_its_default() -> None:
    shown = {code_in(row[0])[0]: code_in(row[1])[0] for row in table(PAGE, "Options")}

    assert shown == options_of(SigningKeys)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
async def test_another_service_verifies_what_the_program_signs(
    key_set: Path, tmp_path: Path
) -> None:
    async with running(load("signing_keys.py"), tmp_path) as client:
        headers = await sign_up(client)
        token = headers["Authorization"].removeprefix("Bearer ")
        jwks = (await client.get(JWKS)).json()
        me = await client.get("/api/users/me", headers=headers)

    claims = load("verify_elsewhere.py").verify(token, jwks)
    assert (claims["sub"], me.json()["email"]) == ("1", ADA["email"])


def test_the_script_rotates_and_refuses_what_is_not_due(key_set: Path) -> None:
    assert rotate("announce", key_set).returncode == 0
    listed = rotate("list", key_set).stdout.splitlines()
    early, late = rotate("promote", key_set), rotate("drop", key_set)

    assert [line.split()[:2] for line in listed] == [["current", "EdDSA"], ["upcoming", "EdDSA"]]
    assert (early.returncode, late.returncode) == (1, 1)
    assert "is announced since" in early.stderr
    assert "no key was retired" in late.stderr
    assert "Traceback" not in early.stderr + late.stderr


def test_the_script_goes_all_the_way(key_set: Path) -> None:
    """With a set that was begun, and announced, days ago."""
    script, days = load("rotate_keys.py"), timedelta(days=3)
    key_set.write_text(new_key_set(datetime.now(UTC) - days))
    for step in ("announce", "promote", "drop"):
        script.run(step, key_set)
        text = key_set.read_text().replace(f"{datetime.now(UTC):%Y-%m-%d}", "2020-01-01")
        key_set.write_text(text)

    assert [line.split()[0] for line in rotate("list", key_set).stdout.splitlines()] == ["current"]


def test_only_its_owner_may_read_the_file(key_set: Path) -> None:
    assert key_set.stat().st_mode & 0o777 == 0o600


def test_the_steps_by_hand_are_options_that_fit(key_set: Path) -> None:
    steps = load("signing_keys.py").change_over(generate_key(), generate_key("ES256"))

    assert len(steps) == 5


def test_the_commands_begin_and_rotate_a_key_set(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(EXAMPLES / "keys.sh")],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=True,
    )
    key_set = (tmp_path / "signing-keys.json").read_text()

    assert [key.state for key in list_keys(key_set)] == ["current", "upcoming"]
    assert all(key.id in done.stdout for key in list_keys(key_set))
