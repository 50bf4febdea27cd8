"""Build the example's production image and run it, without Docker.

Usage: python tools/image.py

Needs root on Debian or Ubuntu. buildah builds, in a chroot. ``python:3.13-slim`` is
stood in for by the Python of Debian 13, made with debootstrap. What is made is kept in
``.image``, so that the second run takes seconds instead of minutes.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "fastapi-docker"
STORE = ROOT / ".image"
POLICY = STORE / "policy.json"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

BASE = "docker.io/library/python:3.13-slim"
IMAGE = "localhost/example:test"
ACCOUNT = 10001
CANARY = "a-secret-that-must-stay-outside"

STAND_IN = """\
FROM scratch
ADD debian.tar /
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt
RUN ln -s /usr/bin/python3 /usr/local/bin/python
"""


def say(text: str) -> None:
    print(f"image: {text}", flush=True)


def check(holds: bool, fact: str) -> None:
    """Print a fact that was seen, or end the run."""
    if not holds:
        raise SystemExit(f"image: FAILED: {fact}")
    say(f"seen: {fact}")


def run(*command: object, seconds: int = 120, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command that must succeed; return it with what it printed."""
    words = [str(word) for word in command]
    done = subprocess.run(  # noqa: S603  # commands of our own
        words, capture_output=True, text=True, check=False, timeout=seconds, **options
    )
    if done.returncode != 0:
        raise SystemExit(f"image: FAILED: {' '.join(words)}\n{done.stdout}\n{done.stderr}")
    return done


def buildah(*arguments: object, seconds: int = 120) -> str:
    return run(*_buildah(*arguments), seconds=seconds).stdout.strip()


def _buildah(*arguments: object) -> list[object]:
    places = ("--root", STORE / "storage", "--runroot", STORE / "run")
    return ["buildah", *places, "--storage-driver", "vfs", *arguments]


def install_programs() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SystemExit("image: needs root, and Debian or Ubuntu")
    missing = [name for name in ("buildah", "debootstrap") if shutil.which(name) is None]
    if missing:
        say(f"installing {' '.join(missing)}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run("apt-get", "update", "-qq", seconds=300)
        quiet = ("install", "-y", "-qq", "--no-install-recommends")
        run("apt-get", *quiet, *missing, seconds=600, env=environment)


def make_base() -> None:
    """Make what stands in for Docker Hub's image of Python, and fetch compose on the way."""
    POLICY.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    if BASE in buildah("images", "--format", "{{.Name}}:{{.Tag}}"):
        return
    folder = STORE / "base"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    say("making the base image; this takes minutes, once")
    debian = folder / "debian"
    packages = "--include=python3,python3-venv,ca-certificates"
    run("debootstrap", "--variant=minbase", packages, "trixie", debian, seconds=900)
    run("tar", "-C", debian, "-cf", folder / "debian.tar", ".")
    fetch_compose(debian)
    shutil.copy(CERTIFICATES, folder)
    (folder / "Containerfile").write_text(STAND_IN)
    build(BASE, folder, folder / "Containerfile")
    shutil.rmtree(folder)


def fetch_compose(debian: Path) -> None:
    """Debian 12 has the first Compose alone; the second is one program without dependencies."""
    for file in ("/etc/resolv.conf", CERTIFICATES):
        shutil.copy(file, f"{debian}{file}")
    fetch = "cd /tmp && apt-get update -qq && apt-get download -qq docker-compose"
    run("chroot", debian, "sh", "-c", fetch, seconds=300)
    (package,) = (debian / "tmp").glob("docker-compose_*.deb")
    run("dpkg-deb", "-x", package, STORE / "compose")


def build(name: str, context: Path, file: Path) -> None:
    offline = ("--pull-never", "--signature-policy", POLICY, "--isolation", "chroot")
    # HEALTHCHECK is a part of Docker's format alone
    buildah("bud", *offline, "--format", "docker", "-t", name, "-f", file, context, seconds=900)


def build_the_example() -> None:
    """Build as somebody does who cloned the library; their own secrets lie about."""
    context = STORE / "context"
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(EXAMPLE, context, ignore=shutil.ignore_patterns(".demo", "*.whl", "*.db"))
    for name in (".env", "app.db", "app/.env"):
        (context / name).write_text(f"SECRET_KEY={CANARY}\n")
    wheels = ("--no-deps", "--wheel-dir", context / "wheels")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", *wheels, ROOT, seconds=300)
    say("building Dockerfile.prod")
    build(IMAGE, context, context / "Dockerfile.prod")
    shutil.rmtree(context)


def look_at_the_image(folder: Path) -> dict[str, Any]:
    """Check what the image says of itself, and what is in it."""
    text = buildah("inspect", "--type", "image", IMAGE)
    facts: dict[str, Any] = json.loads(text)["Docker"]["config"]
    names = {entry.partition("=")[0] for entry in facts["Env"]}
    suspicious = {name for name in names for word in ("SECRET", "PASS", "TOKEN") if word in name}
    check(not suspicious and CANARY not in text, "no secret in the image's description")
    # 2: a file that cannot be read would be one that was not looked at
    search = ["grep", "-rlI", CANARY, str(folder / "srv")]
    found = subprocess.run(search, check=False)  # noqa: S603  # a command of our own
    check(found.returncode == 1, "no secret in its files")
    check(facts["User"] == f"{ACCOUNT}:{ACCOUNT}", "a user by number, not root")
    check(facts["Healthcheck"]["Test"][0] == "CMD", "a health check that is no shell's line")
    others = [path for path in (folder / "srv").rglob("*") if path.stat().st_uid != 0]
    check(not others, "the code is root's")
    return facts


@contextmanager
def container() -> Iterator[str]:
    name = buildah("from", "--pull-never", "--signature-policy", POLICY, IMAGE)
    try:
        yield name
    finally:
        buildah("rm", name)


def inside(name: str, command: list[str], **environment: object) -> list[str]:
    """Return the command that runs another one in a container."""
    settings = [f"--env={key}={value}" for key, value in environment.items()]
    words = _buildah("run", "--isolation", "chroot", *settings, name, "--", *command)
    return [str(word) for word in words]


def processes() -> dict[int, int]:
    """Return the processes of the app's account, with their parents; not buildah's own."""
    found: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = status.read_text().splitlines()
            program = (status.parent / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        facts = {line.split()[0]: line.split()[1] for line in lines if len(line.split()) > 1}
        if int(facts["Uid:"]) == ACCOUNT and not program.startswith(b"buildah"):
            found[int(status.parent.name)] = int(facts["PPid:"])
    return found


def call(port: int, path: str, body: dict[str, str] | None = None) -> Any:
    """Return the answer of the app; an OSError until there is one."""
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # http to ourselves
        return json.load(answer)


def wait_for_health(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            check(call(port, "/health") == {"status": "healthy"}, "/health answers")
            return
        except OSError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"image: FAILED: the app did not start: {error}") from error
        time.sleep(0.1)


def run_the_image(name: str, facts: dict[str, Any]) -> None:
    """Migrate once, then run the image's own command, as docker-compose.yml does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    settings = {
        "DATABASE_URL": "sqlite+aiosqlite:////tmp/app.db",
        "SECRET_KEY": "R3pWm8Zt1vQx5Lk9Yb2Nc7Hd4Jf6Gs0A",
        "MIGRATE_AT_START": "false",
        "UVICORN_PORT": port,
    }
    run(*inside(name, ["alembic", "upgrade", "head"], **settings))
    before = processes()
    check(not before, f"nothing else runs as {ACCOUNT}")
    with subprocess.Popen(inside(name, facts["Cmd"], **settings)) as server:  # noqa: S603  # ours
        try:
            wait_for_health(port, server)
            look_at_the_process(port, name, facts, settings)
        finally:
            for process in processes():
                os.kill(process, signal.SIGKILL)


def look_at_the_process(
    port: int, name: str, facts: dict[str, Any], settings: dict[str, Any]
) -> None:
    account = {"email": "ada@example.com", "password": "correct horse battery"}
    call(port, "/api/auth/register", account)
    check("access_token" in call(port, "/api/auth/login", account), "an account signs in")
    run(*inside(name, facts["Healthcheck"]["Test"][1:], **settings))
    say("seen: the health check succeeds")
    running = processes()
    check(len(running) >= 3, "two workers and their parent run, none of them as root")
    (parent,) = (process for process in running if running[process] not in running)
    os.kill(parent, signal.SIGTERM)
    began = time.monotonic()
    while processes() and time.monotonic() < began + 10:
        time.sleep(0.05)
    check(not processes(), f"SIGTERM ends it, after {time.monotonic() - began:.1f} s")


def look_at_compose() -> None:
    """Run the tests that need Docker Compose, which few machines without Docker have."""
    program = STORE / "compose/usr/libexec/docker/cli-plugins/docker-compose"
    tests = ("tests/example/test_containers.py", "-k", "compose", "-q", "-p", "no:cacheprovider")
    environment = {**os.environ, "DOCKER_COMPOSE": str(program)}
    run(sys.executable, "-m", "pytest", *tests, cwd=ROOT, env=environment)
    say("seen: Docker Compose reads the files, and refuses to start without secrets")


def main() -> None:
    install_programs()
    STORE.mkdir(exist_ok=True)
    make_base()
    build_the_example()
    with container() as name:
        facts = look_at_the_image(Path(buildah("mount", name)))
        run_the_image(name, facts)
    look_at_compose()


if __name__ == "__main__":
    main()
