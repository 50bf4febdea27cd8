"""A key set in a file is begun, listed and rotated by the command."""

import json
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fastauth_kit.features.signing_keys import (
    SYMMETRIC,
    SigningKeys,
    announce_key,
    new_key_set,
    promote_key,
)
from fastauth_kit.surfaces.cli.command import command

DAY = timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(command, ["keys", *map(str, words)])


def listed(file: Path) -> list[dict[str, str]]:
    answer = run("list", "--json", file)
    assert answer.exit_code == 0, answer.output
    found: list[dict[str, str]] = json.loads(answer.output)
    return found


def states(file: Path) -> list[str]:
    return sorted(key["state"] for key in listed(file))


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256", "symmetric"])
def test_a_key_set_begins_with_one_key_that_signs(file: Path, algorithm: str) -> None:
    answer = run("generate", file, "--algorithm", algorithm)

    assert answer.exit_code == 0
    assert [(key["state"], key["algorithm"]) for key in listed(file)] == [("current", algorithm)]
    assert listed(file)[0]["kid"] in answer.output
    SigningKeys.from_key_set(file.read_text())


def test_only_its_owner_reads_a_new_file(file: Path) -> None:
    run("generate", file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_exists_is_not_overwritten(file: Path) -> None:
    run("generate", file)
    before = file.read_text()

    answer = run("generate", file)

    assert isinstance(answer.exception, FileExistsError)
    assert file.read_text() == before


def test_a_rotation_takes_one_step_after_the_other(file: Path) -> None:
    now = datetime.now(UTC)
    begun = new_key_set(now - 9 * DAY)
    announced = announce_key(begun, now - 2 * DAY)
    for key_set, said, after in (
        (begun, "announced", ["current", "upcoming"]),
        (announced, "signs now", ["current", "retired"]),
        (promote_key(announced, now - DAY), "retired keys are gone", ["current"]),
    ):
        file.write_text(key_set)

        answer = run("rotate", file)

        assert (answer.exit_code, states(file)) == (0, after)
        assert said in answer.output


def test_a_step_that_comes_too_early_is_refused_and_changes_nothing(file: Path) -> None:
    run("generate", file)
    run("rotate", file)
    before = file.read_text()

    answer = run("rotate", file)

    assert "before" in str(answer.exception)
    assert file.read_text() == before


def test_a_step_can_be_named(file: Path) -> None:
    run("generate", file)

    answer = run("rotate", file, "--step", "drop")

    assert "no key was retired" in str(answer.exception)


def test_the_change_from_symmetric_keys_is_a_rotation(file: Path) -> None:
    file.write_text(new_key_set(datetime.now(UTC) - DAY, key=SYMMETRIC))

    run("rotate", file, "--algorithm", "ES256")

    assert {(key["state"], key["algorithm"]) for key in listed(file)} == {
        ("current", SYMMETRIC),
        ("upcoming", "ES256"),
    }


def test_who_may_read_a_file_may_still_after_a_rotation(file: Path) -> None:
    run("generate", file)
    file.chmod(0o640)

    run("rotate", file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_rotation_follows_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    run("generate", file)
    link.symlink_to(file)

    run("rotate", link)

    assert link.is_symlink()
    assert states(file) == ["current", "upcoming"]


def test_a_rotation_that_cannot_be_written_leaves_no_trace(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("generate", file)
    before = file.read_text()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", str(file))

    monkeypatch.setattr(Path, "replace", fail)
    answer = run("rotate", file)

    assert isinstance(answer.exception, OSError)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.read_text() == before


def test_the_list_shows_no_private_key(file: Path) -> None:
    run("generate", file)
    private = json.loads(file.read_text())["keys"][0]["key"]["d"]

    shown = run("list", file).output

    assert listed(file)[0]["kid"][:8] in shown
    assert private not in shown + json.dumps(listed(file))


def test_the_installed_command_refuses_in_a_sentence(file: Path) -> None:
    file.write_bytes(b"\xff\xfe no text")
    program = Path(sys.executable).with_name("fastauth-kit")
    for start in ([str(program)], [sys.executable, "-m", "fastauth_kit"]):
        done = subprocess.run(
            [*start, "keys", "list", str(file)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"{file} is no key set: it is not even text\n"
