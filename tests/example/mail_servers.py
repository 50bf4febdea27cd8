"""Real mail servers for the tests: good ones, slow ones, and some that refuse."""

import asyncio
import ipaddress
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "ada", "p@ss: word/1"
QUOTED = "ada:p%40ss%3A%20word%2F1"


@dataclass
class Mailbox:
    """Receives mail, and answers as it is told.

    Args:
        answers: To the first attempts; after them everything is accepted.
        delay_seconds: Before an answer to a mail.
        silent_at_the_end: Whether QUIT is never answered.
    """

    answers: Sequence[str] = ()
    delay_seconds: float = 0
    silent_at_the_end: bool = False
    attempts: list[EmailMessage] = field(default_factory=list[EmailMessage])
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    recipients: list[str] = field(default_factory=list[str])
    logins: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=SMTPUTF8)
        assert isinstance(message, EmailMessage)
        self.attempts.append(message)
        await asyncio.sleep(self.delay_seconds)
        if len(self.attempts) <= len(self.answers):
            return self.answers[len(self.attempts) - 1]
        self.recipients += envelope.rcpt_tos
        self.mails.append(message)
        return "250 kept"

    async def handle_QUIT(self, *_: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.silent_at_the_end:
            await asyncio.sleep(3600)
        return "221 bye"

    def log_in(self, _server: Any, _session: Any, _envelope: Any, _how: Any, given: Any) -> Any:
        """Accept one user."""
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login, given.password))
        return AuthResult(success=self.logins[-1] == (USER.encode(), PASSWORD.encode()))

    def wait_for(self, count: int, seconds: float = 30) -> list[EmailMessage]:
        """Return the mails once there are so many."""
        deadline = time.monotonic() + seconds
        while len(self.mails) < count:
            assert time.monotonic() < deadline, f"{len(self.mails)} mails, not {count}"
            time.sleep(0.02)
        return self.mails


@contextmanager
def receiving(mailbox: Mailbox, port: int, **options: Any) -> Iterator[None]:
    """Run a mail server on 127.0.0.1."""
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=port,
        enable_SMTPUTF8=True,
        authenticator=mailbox.log_in,
        **options,
    )
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def make_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS, and the file that a client has to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of the tests")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, both = folder / "trusted.pem", folder / "server.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    both.write_bytes(private + trusted.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, trusted
