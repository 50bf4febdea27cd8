"""The example as in production: two workers behind nginx, with the shipped ``nginx.conf``."""

import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.sync.client import connect

from tests.example.nginx import nginx, shipped
from tests.example.server import SECRET, free_port, running

ADA = {"email": "ada@example.com", "password": "correct horse battery"}
PROGRAMS = Path(__file__).with_name("programs")

SPOOFED = {
    "X-Forwarded-For": "203.0.113.66",
    "X-Real-IP": "203.0.113.66",
    "Forwarded": "for=203.0.113.66;proto=https;host=evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
}


@dataclass(frozen=True)
class Site:
    """Where the app and the nginx before it listen."""

    app_port: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, address: str, *, url: str | None = None) -> httpx2.Client:
        """Return a client that calls from an address of this machine."""
        transport = httpx2.HTTPTransport(local_address=address)
        return httpx2.Client(transport=transport, base_url=url or self.url, timeout=30)


SERVERS = {
    "uvicorn": ["-m", "uvicorn", "seen:app", "--workers", "2", "--port", "{port}"],
    "gunicorn": [
        *("-m", "gunicorn", "seen:app", "--workers", "2", "--bind"),
        *("127.0.0.1:{port}", "--worker-class", "uvicorn_worker.UvicornWorker"),
    ],
}


@pytest.fixture(scope="module", params=SERVERS)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The app with two workers, and nginx before it."""
    folder = tmp_path_factory.mktemp(request.param)
    site = Site(app_port=free_port(), port=free_port())
    settings = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/app.db",
        "SECRET_KEY": SECRET,
        # the address that nginx calls from, and no other
        "FORWARDED_ALLOW_IPS": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(PROGRAMS), "."]),
    }
    command = [part.format(port=site.app_port) for part in SERVERS[request.param]]
    configuration = shipped(
        ("server api:8000;", f"server 127.0.0.1:{site.app_port};"),
        ("listen 80;", f"listen 127.0.0.1:{site.port};"),
    )
    two_are_up = r"(?s)startup complete.*startup complete"
    with (
        nginx(folder / "nginx", configuration, port=site.port),
        running(command, settings, ready=two_are_up),
    ):
        yield site


def _sign_up(client: httpx2.Client, email: str, **headers: str) -> dict[str, str]:
    account = {**ADA, "email": email}
    registered = client.post("/api/auth/register", json=account, headers=headers)
    assert registered.status_code == 201, registered.text
    answer = client.post("/api/auth/login", json=account, headers=headers)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_a_person_registers_signs_in_and_reads(site: Site) -> None:
    with site.client("127.0.0.1") as client:
        headers = _sign_up(client, "ada@example.com")

        me = [client.get("/api/users/me", headers=headers) for _ in range(10)]

    assert {answer.status_code for answer in me} == {200}
    assert {answer.json()["email"] for answer in me} == {"ada@example.com"}


def test_a_session_has_the_address_that_nginx_saw(site: Site) -> None:
    with site.client("127.0.0.2") as client:
        headers = _sign_up(client, "two@example.com")
        (session,) = client.get("/api/auth/sessions", headers=headers).json()

    assert session["ip"] == "127.0.0.2"


def test_nobody_chooses_their_own_address(site: Site) -> None:
    with site.client("127.0.0.3") as client:
        headers = _sign_up(client, "three@example.com", **SPOOFED)
        (session,) = client.get("/api/auth/sessions", headers=headers).json()
        seen = client.get("/seen", headers=SPOOFED).json()

    assert session["ip"] == "127.0.0.3"
    assert (seen["client"], seen["url"]) == ("127.0.0.3", "http://127.0.0.1/seen")


def test_who_goes_round_nginx_is_not_believed(site: Site) -> None:
    with site.client("127.0.0.4", url=f"http://127.0.0.1:{site.app_port}") as client:
        seen = client.get("/seen", headers=SPOOFED).json()

    assert seen["client"] == "127.0.0.4"
    assert seen["url"].startswith("http://")


def test_the_app_knows_the_name_that_it_was_called_by(site: Site) -> None:
    with site.client("127.0.0.1") as client:
        seen = client.get("/seen", headers={"Host": "app.example.com"}).json()

    assert seen["url"] == "http://app.example.com/seen"


def test_a_websocket_reaches_the_app(site: Site) -> None:
    with connect(
        f"ws://127.0.0.1:{site.port}/seen",
        source_address=("127.0.0.2", 0),
        additional_headers=SPOOFED,
    ) as socket:
        seen = json.loads(socket.recv(timeout=30))
        socket.send("still there?")
        repeated = socket.recv(timeout=30)

    assert seen == {"client": "127.0.0.2", "url": "ws://127.0.0.1/seen"}
    assert repeated == "still there?"


def _is_problem(answer: httpx2.Response, status: int, code: str) -> bool:
    told = (answer.status_code, answer.headers["content-type"], answer.json()["code"])
    return told == (status, "application/problem+json", code) and (
        answer.json()["status"] == status
    )


def test_a_flood_does_not_reach_the_app(site: Site) -> None:
    """The app's own refusal would carry its headers."""
    with site.client("127.0.0.1") as client:
        answer = client.post("/api/auth/login", content=b"x" * (1024 * 1024 + 1))

    assert _is_problem(answer, 413, "body_too_large")
    assert "X-Process-Time" not in answer.headers


def test_who_guesses_passwords_is_slowed_down(site: Site) -> None:
    """Nothing is hashed for a body without a password, so that a slow machine is fast enough."""
    with site.client("127.0.0.5") as client, site.client("127.0.0.6") as other:
        answers = [client.post("/api/auth/login", json={}) for _ in range(100)]
        refused = [answer for answer in answers if answer.status_code != 422]
        read = client.get("/api/users/me")
        others = other.post("/api/auth/login", json={})

    assert [answer.status_code for answer in answers[:20]] == [422] * 20
    assert refused
    assert _is_problem(refused[0], 429, "too_many_attempts")
    assert refused[0].headers["Retry-After"] == "1"
    # reading is not guessing, and nobody pays for somebody else
    assert (read.status_code, others.status_code) == (401, 422)


def test_an_app_that_is_away_is_unavailable(tmp_path: Path) -> None:
    port = free_port()
    configuration = shipped(
        ("server api:8000;", f"server 127.0.0.1:{free_port()};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    )
    with nginx(tmp_path / "nginx", configuration, port=port):
        answer = httpx2.get(f"http://127.0.0.1:{port}/health")

    assert _is_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "1"


def _certificate(folder: Path) -> None:
    """Write what ``ssl_certificate`` and ``ssl_certificate_key`` name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "privkey.pem").write_bytes(private)


def test_the_lines_for_tls_work(site: Site, tmp_path: Path) -> None:
    _certificate(tmp_path)
    port = free_port()
    configuration = shipped(
        ("server api:8000;", f"server 127.0.0.1:{site.app_port};"),
        ("    listen 80;\n", ""),
        ("# listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("# ssl_certificate ", "ssl_certificate "),
        ("# ssl_certificate_key ", "ssl_certificate_key "),
        ("# add_header Strict", "add_header Strict"),
        ("/etc/nginx/tls", str(tmp_path)),
    )
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    with nginx(tmp_path / "nginx", configuration, port=port):
        answer: Any = httpx2.get(f"https://127.0.0.1:{port}/seen", verify=unchecked)

    assert answer.json()["url"] == "https://127.0.0.1/seen"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
