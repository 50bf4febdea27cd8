"""Real SMTP servers, well-behaved and not, in the event loop of the tests."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER, PASSWORD = "mailer", "smtp pass/word"


@dataclass
class Inbox:
    """What a server was given.

    Args:
        answers: What it says to a message, in turn; then it takes them.
    """

    answers: list[str] = field(default_factory=list[str])
    messages: list[EmailMessage] = field(default_factory=list[EmailMessage])
    recipients: list[str] = field(default_factory=list[str])
    encrypted: list[bool] = field(default_factory=list[bool])
    logins: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    attempts: int = 0
    at_once: int = 0
    most_at_once: int = 0
    break_off: int = 0
    """How many messages to take and then drop the connection without a word."""

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        self.attempts += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.messages.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]  # the policy makes it an EmailMessage
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(
            session.ssl is not None or bool(server.transport.get_extra_info("ssl_object"))
        )
        if self.break_off:
            self.break_off -= 1
            server.transport.abort()
        return "250 OK"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins.append((data.login, data.password))
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)


@asynccontextmanager
async def smtp_server(inbox: Inbox, *, tls: bool = False, **options: Any) -> AsyncIterator[int]:
    """Run a server on a free port, and return the port."""
    loop = asyncio.get_running_loop()

    def make() -> SMTP:
        return SMTP(inbox, hostname="mail.test", enable_SMTPUTF8=True, loop=loop, **options)

    server = await loop.create_server(make, "127.0.0.1", 0, ssl=server_context() if tls else None)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def raw_server(answer: Callable[[Any, Any], Any]) -> AsyncIterator[int]:
    """Run a server that does as it likes."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@cache
def _certificate() -> tuple[bytes, bytes]:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), secret


def server_context() -> ssl.SSLContext:
    certificate, key = _certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        both = Path(folder) / "both.pem"
        both.write_bytes(certificate + key)
        context.load_cert_chain(both)
    return context


def client_context() -> ssl.SSLContext:
    """Return what trusts the servers of these tests, and nobody else."""
    return ssl.create_default_context(cadata=_certificate()[0].decode())
