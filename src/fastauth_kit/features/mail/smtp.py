"""Mail by SMTP (RFC 5321): encrypted, bounded in time, tried again where that may help."""

import asyncio
import ssl
from asyncio import AbstractEventLoop, Semaphore
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from typing import Any, Literal, get_args
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.mail.links import LOCAL_HOSTS
from fastauth_kit.features.mail.mailer import Mailer

try:
    import aiosmtplib
except ImportError as _error:
    raise ImportError("mail needs aiosmtplib: pip install 'fastauth-kit[mail]'") from _error

Encryption = Literal["starttls", "tls", "none"]

PAUSES_SECONDS = (1.0, 4.0)
"""Before the second and the third attempt."""

LONGEST_SECONDS = 55.0
"""All attempts together: an action after the commit is cancelled after 60 s."""

_FAREWELL_SECONDS = 0.5

_PORTS: dict[str, int] = {"starttls": 587, "tls": 465, "none": 25}
"""RFC 6409, section 3.1; RFC 8314, section 3.3; RFC 5321, section 4.5.4.2."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SmtpMailer(Mailer):
    """Sends messages by SMTP, each over a connection of its own.

    A refusal for good (5xx) is final. What may pass (4xx, a connection that
    fails or breaks, a server that hangs) is tried three times. A server that
    takes a message and breaks off before it says so gets the message twice,
    with the same ``Message-ID``.

    Args:
        host: Name or address of the server.
        port: ``None``: 587 with STARTTLS, 465 with TLS, 25 without.
        username: ``None``: no authentication.
        password: Of that user.
        encryption: ``starttls`` insists on it; ``none`` is for a server on
            this machine.
        allow_plain_text: Allow ``none`` for any other server. Whoever is on
            the way then reads every link, and the password.
        tls_context: Instead of the system's certificates.
        timeout_seconds: For one attempt, as a whole; three of them and the
            pauses between must fit into 55 seconds.
        max_connections: At once, for each event loop.

    Raises:
        ConfigurationError: An option cannot work.
    """

    host: str
    port: int | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    encryption: Encryption = "starttls"
    allow_plain_text: bool = False
    tls_context: ssl.SSLContext | None = None
    timeout_seconds: float = 15.0
    max_connections: int = 10

    def __post_init__(self) -> None:
        if not self.host:
            raise ConfigurationError("SmtpMailer(host=...) must not be empty")
        if self.encryption not in get_args(Encryption):
            known = ", ".join(get_args(Encryption))
            raise ConfigurationError(f"encryption must be one of {known}")
        if self.encryption == "none" and self.host not in LOCAL_HOSTS and not self.allow_plain_text:
            raise ConfigurationError(
                f"mail to {self.host} must be encrypted: links in it sign people in; "
                "use starttls or tls, or say allow_plain_text=True"
            )
        if (self.username is None) != (self.password is None):
            raise ConfigurationError("SmtpMailer needs both username and password, or neither")
        longest = 3 * self.timeout_seconds + sum(PAUSES_SECONDS)
        if not (self.timeout_seconds > 0 and longest <= LONGEST_SECONDS):
            raise ConfigurationError("timeout_seconds must be above 0, and at most 16")
        if self.max_connections < 1:
            raise ConfigurationError("max_connections must be at least 1")

    @classmethod
    def from_url(cls, url: str, **options: Any) -> "SmtpMailer":
        """Make one from ``smtp://user:password@host:port`` or ``smtps://...``.

        ``smtp`` is STARTTLS, except to a server on this machine; ``smtps`` is TLS.

        Raises:
            ConfigurationError: It is no such address. The sentence does not
                repeat it, because of the password.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        is_bare = parts.path in {"", "/"} and not parts.query and not parts.fragment
        if parts.scheme not in {"smtp", "smtps"} or not host or not is_bare:
            raise ConfigurationError(
                "the address of the mail server must look like smtp://user:password@host:587"
            )
        plain: Encryption = "none" if host in LOCAL_HOSTS else "starttls"
        given: dict[str, Any] = {
            "port": port,
            "username": _unquoted(parts.username),
            "password": _unquoted(parts.password),
            "encryption": "tls" if parts.scheme == "smtps" else plain,
        }
        return cls(host=host, **{**given, **options})

    async def send(self, message: EmailMessage) -> None:
        """Send a message; try again where that may help.

        Raises:
            aiosmtplib.SMTPException: It was refused, or could not be sent.
            TimeoutError: The server took too long, each time.
        """
        async with self._places:
            for pause_seconds in PAUSES_SECONDS:
                try:
                    return await self._attempt(message)
                except (aiosmtplib.SMTPException, OSError) as error:  # a timeout is an OSError
                    if not _may_pass(error):
                        raise
                await asyncio.sleep(pause_seconds)
            return await self._attempt(message)

    async def _attempt(self, message: EmailMessage) -> None:
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port or _PORTS[self.encryption],
            username=self.username,
            password=self.password,
            use_tls=self.encryption == "tls",
            start_tls=self.encryption == "starttls",
            tls_context=self.tls_context,
            timeout=self.timeout_seconds,
        )
        try:
            # aiosmtplib bounds each step; a server may answer each one just in time
            async with asyncio.timeout(self.timeout_seconds):
                await client.connect()
                await client.send_message(message)
            # the server has it: whatever comes now must not have it sent again
            with suppress(aiosmtplib.SMTPException, OSError):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await client.quit()
        finally:
            client.close()

    @property
    def _places(self) -> Semaphore:
        """Who may be connected at once; a semaphore belongs to one event loop."""
        loop = asyncio.get_running_loop()
        return self._places_by_loop.setdefault(loop, Semaphore(self.max_connections))

    @cached_property
    def _places_by_loop(self) -> WeakKeyDictionary[AbstractEventLoop, Semaphore]:
        return WeakKeyDictionary()


def _unquoted(text: str | None) -> str | None:
    return None if text is None else unquote(text)


def _may_pass(error: Exception) -> bool:
    """Whether the same message may well be taken a little later (RFC 5321, section 4.2.1)."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(_may_pass(refused) for refused in error.recipients)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return 400 <= error.code < 500
    return isinstance(error, OSError) and not isinstance(error, ssl.SSLCertVerificationError)
