"""Where mail is handed over: what ``SMTP_URL`` and ``MAIL_FROM`` may say."""

from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit


@dataclass(frozen=True)
class SmtpServer:
    """A mail server. A password never travels in the clear.

    ==================================  ===========================================
    ``smtp://host:25``                  without TLS, for a relay next door
    ``smtp://user:password@host:587``   with STARTTLS
    ``smtp+starttls://host:587``        with STARTTLS, without a password
    ``smtps://user:password@host:465``  with TLS from the first byte
    ==================================  ===========================================

    User and password are written with percent signs where they have characters
    that mean something in a URL: ``p%40ss`` for ``p@ss``.
    """

    hostname: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    use_tls: bool
    start_tls: bool

    @classmethod
    def from_url(cls, text: str) -> Self:
        """Read an address.

        Raises:
            ValueError: With a sentence that repeats nothing of it.
        """
        try:
            url = urlsplit(text)
            given_port = url.port
        except ValueError:
            raise ValueError("write it as smtp://user:password@host:587") from None
        _check(text, url)
        use_tls = url.scheme == "smtps"
        start_tls = url.scheme == "smtp+starttls" or (url.scheme == "smtp" and bool(url.username))
        standard_port = 465 if use_tls else 587 if start_tls else 25
        return cls(
            hostname=str(url.hostname),
            port=standard_port if given_port is None else given_port,
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
            use_tls=use_tls,
            start_tls=start_tls,
        )


def _check(text: str, url: SplitResult) -> None:
    if url.scheme not in {"smtp", "smtps", "smtp+starttls"}:
        raise ValueError("it begins with smtp://, smtp+starttls:// or smtps://")
    # before they are decoded, since the parser leaves some out, and after
    if not (text.isascii() and text.isprintable() and unquote(text).isprintable()):
        raise ValueError("it has characters that are not allowed")
    if not url.hostname or url.port == 0:
        raise ValueError("it names a host, and maybe a port")
    if url.path.strip("/") or url.query or url.fragment:
        raise ValueError("it ends after the port")
    if bool(url.username) != bool(url.password):
        raise ValueError("user and password belong together")


def check_smtp_url(text: str) -> str:
    """Accept an address of a mail server, or nothing."""
    if text:
        SmtpServer.from_url(text)
    return text


def check_sender(text: str) -> str:
    """Accept what can stand behind ``From:``, with one address.

    Raises:
        ValueError: With a sentence.
    """
    message = EmailMessage()
    message["From"] = text  # refuses line feeds
    header = message["From"]
    if header.defects or len(header.addresses) != 1 or not header.addresses[0].domain:
        raise ValueError("write it as My App <app@example.com>")
    return text
