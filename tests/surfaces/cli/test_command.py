"""The command as a whole."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import fastauth_kit
from fastauth_kit import AuthSettings
from fastauth_kit.surfaces import cli
from fastauth_kit.surfaces.cli.command import command, main


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["fastauth-kit", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    code: int | str | None = ended.value.code
    return code


def test_a_secret_is_fit_for_the_settings() -> None:
    made = [CliRunner().invoke(command, ["secret"]).output.strip() for _ in range(2)]

    assert made[0] != made[1]
    AuthSettings(secret_key=made[0], secret_key_fallbacks=[made[1]])


def test_a_missing_file_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = str(tmp_path / "nowhere.json")

    assert call(monkeypatch, "keys", "list", file) == 1
    assert capsys.readouterr().err == f"{file}: No such file or directory\n"


@pytest.mark.parametrize("content", [b'{"keys": "a private thing"}', b"a private thing \xff"])
def test_what_is_no_key_set_is_refused_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    content: bytes,
) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(content)

    assert call(monkeypatch, "keys", "rotate", str(file)) == 1
    said = capsys.readouterr().err
    assert said.endswith("\n")
    assert "Traceback" not in said
    assert "a private thing" not in said


def test_python_m_is_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["fastauth-kit", "secret"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(
            str(Path(fastauth_kit.__file__).with_name("__main__.py")), run_name="__main__"
        )

    assert ended.value.code == 0
    assert len(capsys.readouterr().out.strip()) == 64


def test_the_command_needs_no_extra_but_its_own() -> None:
    others = (
        "aiosmtplib",
        "aiosqlite",
        "httpx2",
        "jinja2",
        "limits",
        "redis",
        "sqlmodel",
        "uvicorn",
    )
    program = f"""
import sys
sys.modules.update(dict.fromkeys({others}))
from fastauth_kit.surfaces.cli import main
sys.argv = ["fastauth-kit", "doctor", "--help"]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "--strict" in done.stdout


def test_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typer", None)
    file = Path(cli.__file__).with_name("command.py")

    with pytest.raises(ImportError, match=r"pip install 'fastauth-kit\[cli\]'"):
        runpy.run_path(str(file))
