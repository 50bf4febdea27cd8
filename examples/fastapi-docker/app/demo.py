"""What ``make demo`` runs: the app on SQLite, with a secret of its own.

The database, the secret and the superuser's password are kept in ``.demo``, or in
``DEMO_FOLDER``, so that the second run finds the accounts of the first.
"""

import os
import secrets
import socket
from pathlib import Path

import uvicorn

FOLDER = Path(os.environ.get("DEMO_FOLDER", Path(__file__).resolve().parents[1] / ".demo"))
SUPERUSER = "admin@example.com"


def main() -> None:
    """Run the demo until it is interrupted."""
    host, port = "127.0.0.1", _free_port(int(os.environ.get("PORT", "8000")))
    _prepare_environment(f"http://{host}:{port}")
    config = uvicorn.Config("app.main:app", host=host, port=port, log_level="info")
    Demo(config).run()


class Demo(uvicorn.Server):
    """A server that says what to try once it is up."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the welcome."""
        await super().startup(sockets)
        if self.started:
            print(_welcome(f"http://{self.config.host}:{self.config.port}"), flush=True)


def _prepare_environment(url: str) -> None:
    """Set what the app needs; what is set already stays."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("APP_NAME", "fastauth-kit demo")
    os.environ.setdefault("PUBLIC_URL", url)
    os.environ.setdefault("DATABASE_URL", f"sqlite+aiosqlite:///{FOLDER / 'app.db'}")
    os.environ.setdefault("SECRET_KEY", _kept("secret_key", 48))
    os.environ.setdefault("FIRST_SUPERUSER", SUPERUSER)
    os.environ.setdefault("FIRST_SUPERUSER_PASSWORD", _kept("superuser_password", 15))


def _kept(name: str, byte_count: int) -> str:
    """Return a random text, made at the first run and kept for the next."""
    file = FOLDER / name
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(byte_count))
    return file.read_text()


def _free_port(wanted: int) -> int:
    """Return the wanted port, or the next one that nobody uses."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise SystemExit(f"Ports {wanted} to {wanted + 49} are all in use; say another: PORT=9000")


def _welcome(url: str) -> str:
    account = '{"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"}'
    post = '{"title": "Hello", "body": "My first post."}'
    token = "python3 -c 'import json, sys; print(json.load(sys.stdin)[\"access_token\"])'"
    json = "-H 'Content-Type: application/json'"
    return f"""
  The demo is up.

  Try every route:   {url}/docs
  Superuser:         {os.environ["FIRST_SUPERUSER"]}
  Password:          {os.environ["FIRST_SUPERUSER_PASSWORD"]}

  There: press Authorize, sign in, open GET /api/users/me, "Try it out", "Execute".
  Mails are printed here. Register, and open the link in the mail that follows.
  Sign in by mail:   {url}/magic-link
  Forgotten:         {url}/reset-password
  Another address:   POST /api/auth/email/change; its link, and the one back, are mailed
  Security log:      GET /api/auth/events says who signed in, when, and where from
  Cookies:           -H 'X-Auth-Transport: cookie' with the login, instead of tokens
  Live messages:     {url.replace("http", "ws")}/ws, as the README says.

  Or from another terminal: register, sign in, read your account, write a post.

  curl {url}/api/auth/register {json} -d '{account}'
  TOKEN=$(curl -s {url}/api/auth/login -d 'username=ada@example.com' \\
    -d 'password=correct horse battery' | {token})
  curl {url}/api/users/me -H "Authorization: Bearer $TOKEN"
  curl {url}/api/posts -H "Authorization: Bearer $TOKEN" {json} -d '{post}'
  curl {url}/api/posts

  Ctrl+C ends it; the next start finds your account. `make clean` forgets it.
"""


if __name__ == "__main__":
    main()
