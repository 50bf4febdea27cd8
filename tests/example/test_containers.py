"""What the files for containers decide. ``make lint`` checks their form, ``make image`` builds."""

import os
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.example.server import FOLDER, SECRET

ROOT = FOLDER.parents[1]
PRODUCTION = FOLDER / "docker-compose.yml"
DEVELOPMENT = FOLDER / "docker-compose.dev.yml"
BOTH = pytest.mark.parametrize("file", [PRODUCTION, DEVELOPMENT], ids=lambda path: path.name)
IMAGES = pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.prod"])


@cache
def compose(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(file.read_text())
    return loaded


def instructions(name: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, without comments."""
    lines = [line for line in (FOLDER / name).read_text().splitlines() if line[:1] != "#"]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [(keyword, rest) for keyword, rest in pairs]


def _requirements(text: list[str]) -> set[str]:
    """Return names, without versions, extras and markers."""
    lines = [line.partition("#")[0].strip() for line in text]
    return {re.split(r"[\s\[<>=!~;]", line)[0] for line in lines if line and line[0] != "-"}


def test_the_requirements_are_those_that_the_tests_ran_with() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]

    listed = _requirements((FOLDER / "requirements.txt").read_text().splitlines())

    faster = {"uvloop", "httptools"}
    assert listed - {"fastauth-kit"} == _requirements(groups["example"]) | faster


@BOTH
def test_there_is_no_obsolete_version(file: Path) -> None:
    assert "version" not in compose(file)


@BOTH
def test_every_image_has_a_version_of_its_own(file: Path) -> None:
    images = [service.get("image", "app") for service in compose(file)["services"].values()]

    foreign = [image for image in images if image != "app"]
    assert foreign
    assert [image for image in foreign if not re.search(r":v?\d+(\.\d+)*", image)] == []


@BOTH
@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_PASSWORD"])
def test_a_secret_has_no_default(file: Path, name: str) -> None:
    used = re.findall(r"\$\{?" + name + r"[^}]*\}?", file.read_text())

    assert all(re.fullmatch(r"\$\{\w+:\?[^}]+\.", use.rstrip("}")) for use in used)
    assert used or (file, name) == (DEVELOPMENT, "POSTGRES_PASSWORD")


def test_only_nginx_can_be_reached() -> None:
    services = compose(PRODUCTION)["services"]

    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert compose(PRODUCTION)["networks"]["data"] == {"internal": True}
    assert {services[name]["networks"] == ["data"] for name in ("db", "redis")} == {True}


def test_development_is_reached_from_this_machine_alone() -> None:
    services = compose(DEVELOPMENT)["services"].values()

    ports = [port for service in services for port in service.get("ports", [])]

    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_migrations_run_once_before_the_first_worker() -> None:
    services = compose(PRODUCTION)["services"]

    assert services["migrate"]["command"] == ["alembic", "upgrade", "head"]
    assert services["migrate"]["restart"] == "no"
    waits = services["api"]["depends_on"]["migrate"]
    assert waits == {"condition": "service_completed_successfully"}
    assert services["api"]["environment"]["MIGRATE_AT_START"] == "false"


def test_the_app_believes_the_network_of_nginx_and_nothing_else() -> None:
    (subnet,) = compose(PRODUCTION)["networks"]["edge"]["ipam"]["config"]
    services = compose(PRODUCTION)["services"]

    environment = services["api"]["environment"]
    assert environment["FORWARDED_ALLOW_IPS"] == subnet["subnet"]
    assert environment["TRUSTED_PROXIES"] == f'["{subnet["subnet"]}"]'
    on_it = [name for name, service in services.items() if "edge" in service["networks"]]
    assert on_it == ["api", "nginx"]


@pytest.mark.parametrize("name", ["db", "redis", "nginx"])
def test_a_service_says_how_it_is(name: str) -> None:
    assert compose(PRODUCTION)["services"][name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", ["migrate", "api"])
def test_the_app_may_do_little(name: str) -> None:
    service = compose(PRODUCTION)["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_setting_of_the_compose_files_exists() -> None:
    fields = set(
        re.findall(r"^    ([A-Z_]+):", (FOLDER / "app" / "config.py").read_text(), re.MULTILINE)
    )
    services = [compose(PRODUCTION)["services"]["api"], compose(DEVELOPMENT)["services"]["api"]]

    given = {name for service in services for name in service["environment"]}

    assert given - fields == {"WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"}  # uvicorn's


def test_development_mounts_the_code_and_catches_mails() -> None:
    services = compose(DEVELOPMENT)["services"]

    assert services["api"]["volumes"] == [".:/srv"]
    assert services["api"]["environment"]["SMTP_URL"] == "smtp://mail:1025"
    assert services["mail"]["image"].startswith("axllent/mailpit:")
    assert '"--reload"' in dict(instructions("Dockerfile"))["CMD"]


def test_the_example_of_settings_holds_no_secret() -> None:
    values = dict(
        re.findall(r"^#?([A-Z_]+)=(.*)$", (FOLDER / ".env.example").read_text(), re.MULTILINE)
    )

    secret = ("SECRET_KEY", "POSTGRES_PASSWORD", "FIRST_SUPERUSER_PASSWORD")
    assert {name: values[name] for name in secret} == dict.fromkeys(secret, "")
    used = set(re.findall(r"\$\{(\w+)", PRODUCTION.read_text() + DEVELOPMENT.read_text()))
    assert set(values) <= used


@IMAGES
def test_an_image_runs_as_a_number_that_is_not_root(name: str) -> None:
    users = [rest for keyword, rest in instructions(name) if keyword == "USER"]

    assert users == ["10001:10001"]


@IMAGES
def test_the_command_is_a_list(name: str) -> None:
    """A shell in between would keep SIGTERM to itself."""
    commands = [rest for keyword, rest in instructions(name) if keyword in ("CMD", "ENTRYPOINT")]

    assert all(yaml.safe_load(command)[0] == "uvicorn" for command in commands)
    assert commands


@IMAGES
def test_requirements_are_installed_before_the_code_is_copied(name: str) -> None:
    found = instructions(name)
    installed = next(at for at, (_, rest) in enumerate(found) if "pip install -r" in rest)

    copied = [rest.split()[0] for keyword, rest in found[:installed] if keyword == "COPY"]

    assert copied == ["requirements.txt", "wheels/"]


@pytest.mark.parametrize("name", [".env", "app.db", ".demo/secret_key", ".git/config"])
def test_what_is_not_named_stays_out_of_images(name: str) -> None:
    rules = (FOLDER / ".dockerignore").read_text().splitlines()

    assert next(rule for rule in rules if rule and rule[0] != "#") == "*"
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    assert not any(f"{name}/".startswith(f"{path}/") for path in kept)


@IMAGES
def test_whatever_an_image_copies_is_not_left_out(name: str) -> None:
    rules = (FOLDER / ".dockerignore").read_text().splitlines()
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    copies = [rest.split()[:-1] for keyword, rest in instructions(name) if keyword == "COPY"]

    sources = {source.rstrip("/") for copy in copies if "--from" not in copy[0] for source in copy}

    assert sources - kept <= {"."}
    assert all((FOLDER / source).exists() for source in sources)


def _compose_program() -> list[str]:
    """Return compose; ``make image`` brings one, so that it is not missing there."""
    named = os.environ.get("DOCKER_COMPOSE")
    if named:
        return [named]
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            asked = [*command, "version", "--short"]
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
            if done.returncode == 0 and re.match(r"v?[2-9]", done.stdout):
                return command
    return pytest.skip("Docker Compose 2 not found; make image brings it")


def _config(
    file: Path, folder: Path, settings: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Let compose read a file, with its own ``.env`` and nothing of this machine's."""
    shutil.copy(file, folder)
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    (folder / ".env").write_text("".join(lines))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [*_compose_program(), "-f", file.name, "config", "--format", "json"]
    return subprocess.run(
        command, cwd=folder, env=kept, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("file", "settings", "missing"),
    [
        (PRODUCTION, {}, "SECRET_KEY|POSTGRES_PASSWORD"),
        (PRODUCTION, {"POSTGRES_PASSWORD": "x" * 32}, "SECRET_KEY"),
        (PRODUCTION, {"SECRET_KEY": SECRET}, "POSTGRES_PASSWORD"),
        (PRODUCTION, {"SECRET_KEY": SECRET, "POSTGRES_PASSWORD": ""}, "POSTGRES_PASSWORD"),
        (DEVELOPMENT, {}, "SECRET_KEY"),
    ],
)
def test_compose_refuses_to_start_without_a_secret(
    tmp_path: Path, file: Path, settings: dict[str, str], missing: str
) -> None:
    done = _config(file, tmp_path, settings)

    assert done.returncode != 0
    assert re.search(f"({missing}) is not set. Copy .env.example to .env", done.stderr)


@BOTH
def test_compose_reads_the_file_as_it_was_meant(tmp_path: Path, file: Path) -> None:
    hosts = '["app.example.com"]'
    secrets = {"SECRET_KEY": SECRET, "POSTGRES_PASSWORD": "a-password_of-the-test"}

    done = _config(file, tmp_path, {**secrets, "ALLOWED_HOSTS": hosts})

    assert done.returncode == 0, done.stderr
    environment = yaml.safe_load(done.stdout)["services"]["api"]["environment"]
    assert environment["SECRET_KEY"] == SECRET
    if file == PRODUCTION:
        assert environment["DATABASE_URL"] == (
            "postgresql+asyncpg://app:a-password_of-the-test@db:5432/app"
        )
        assert environment["ALLOWED_HOSTS"] == hosts
        assert environment["CORS_ORIGINS"] == "[]"
