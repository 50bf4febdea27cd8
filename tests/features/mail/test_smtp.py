"""Mail by SMTP, to real servers: encrypted, bounded, tried again where that may help."""

import asyncio
import ssl
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest

from fastauth_kit import ConfigurationError
from fastauth_kit.features.mail import SmtpMailer, smtp
from fastauth_kit.features.mail.message import compose
from fastauth_kit.features.mail.templates import Wording
from tests.features.mail.smtp_servers import (
    PASSWORD,
    USER,
    Inbox,
    client_context,
    raw_server,
    server_context,
    smtp_server,
)

LOCAL = {"host": "127.0.0.1", "encryption": "none"}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "PAUSES_SECONDS", (0.0, 0.0))


def message(to: str = "ada@example.com", text: str = "Guten Tag, Zoë\n") -> EmailMessage:
    wording = Wording("Grüße", text, "<p>Guten Tag</p>")
    sender = Address("Example", addr_spec="no-reply@example.com")
    return compose(sender=sender, to=to, wording=wording, now=datetime(2026, 11, 23, tzinfo=UTC))


async def test_a_message_arrives_as_it_was_written() -> None:
    inbox = Inbox()
    async with smtp_server(inbox) as port:
        await SmtpMailer(**LOCAL, port=port).send(message())

    (received,) = inbox.messages
    assert inbox.recipients == ["ada@example.com"]
    assert received["From"] == "Example <no-reply@example.com>"
    assert received["To"] == "ada@example.com"
    assert received["Subject"] == "Grüße"
    body = received.get_body(("plain",))
    assert body is not None
    assert body.get_content() == "Guten Tag, Zoë\r\n"
    assert received.get_content_type() == "multipart/alternative"


async def test_a_long_link_arrives_in_one_piece() -> None:
    link = "https://example.com/reset-password#token=" + "x" * 900
    inbox = Inbox()
    async with smtp_server(inbox) as port:
        await SmtpMailer(**LOCAL, port=port).send(message(text=f"{link}\n"))

    body = inbox.messages[0].get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == [link]


async def test_an_address_of_any_script_is_written_to() -> None:
    inbox = Inbox()
    async with smtp_server(inbox) as port:
        await SmtpMailer(**LOCAL, port=port).send(message(to="josé@example.com"))

    assert inbox.recipients == ["josé@example.com"]


async def test_starttls_encrypts_and_checks_the_certificate() -> None:
    inbox = Inbox()
    async with smtp_server(inbox, tls_context=server_context(), require_starttls=True) as port:
        mailer = SmtpMailer(host="127.0.0.1", port=port, tls_context=client_context())
        await mailer.send(message())
        with pytest.raises(ssl.SSLCertVerificationError):
            await SmtpMailer(host="127.0.0.1", port=port).send(message())

    assert inbox.encrypted == [True]


async def test_without_starttls_nothing_is_sent() -> None:
    """Whoever sits in between strikes the offer out."""
    inbox = Inbox()
    async with smtp_server(inbox) as port:
        mailer = SmtpMailer(host="127.0.0.1", port=port, tls_context=client_context())
        with pytest.raises(aiosmtplib.SMTPException):
            await mailer.send(message())

    assert inbox.attempts == 0


async def test_tls_from_the_first_byte() -> None:
    inbox = Inbox()
    async with smtp_server(inbox, tls=True) as port:
        mailer = SmtpMailer(
            host="127.0.0.1", port=port, encryption="tls", tls_context=client_context()
        )
        await mailer.send(message())

    assert inbox.encrypted == [True]


async def test_it_signs_in() -> None:
    inbox = Inbox()
    options: dict[str, Any] = {"authenticator": inbox.authenticate, "auth_required": True}
    async with smtp_server(inbox, tls_context=server_context(), **options) as port:
        mailer = SmtpMailer(
            host="127.0.0.1",
            port=port,
            username=USER,
            password=PASSWORD,
            tls_context=client_context(),
        )
        await mailer.send(message())

    assert inbox.logins == [(USER.encode(), PASSWORD.encode())]
    assert len(inbox.messages) == 1


async def test_a_wrong_password_is_final() -> None:
    inbox = Inbox()
    options: dict[str, Any] = {"authenticator": inbox.authenticate, "auth_required": True}
    async with smtp_server(inbox, tls_context=server_context(), **options) as port:
        mailer = SmtpMailer(
            host="127.0.0.1",
            port=port,
            username=USER,
            password="wrong",
            tls_context=client_context(),
        )
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await mailer.send(message())

    assert len(set(inbox.logins)) == 1
    assert inbox.attempts == 0


async def test_a_server_that_says_later_twice_gets_it_the_third_time() -> None:
    inbox = Inbox(answers=["451 later", "451 later"])
    async with smtp_server(inbox) as port:
        await SmtpMailer(**LOCAL, port=port).send(message())

    assert (inbox.attempts, len(inbox.messages)) == (3, 1)


async def test_it_gives_up_after_three_attempts() -> None:
    inbox = Inbox(answers=["451 later"] * 9)
    async with smtp_server(inbox) as port:
        with pytest.raises(aiosmtplib.SMTPDataError):
            await SmtpMailer(**LOCAL, port=port).send(message())

    assert inbox.attempts == 3


async def test_a_refusal_for_good_is_final() -> None:
    inbox = Inbox(answers=["550 no", "550 no"])
    async with smtp_server(inbox) as port:
        with pytest.raises(aiosmtplib.SMTPDataError):
            await SmtpMailer(**LOCAL, port=port).send(message())

    assert inbox.attempts == 1


@pytest.mark.parametrize(("code", "attempts"), [(450, 3), (550, 1)])
async def test_a_refused_recipient_counts_the_same(code: int, attempts: int) -> None:
    asked = []

    class Refusing(Inbox):
        async def handle_RCPT(self, *arguments: Any) -> str:  # noqa: N802  # aiosmtpd's name
            asked.append(arguments[3])
            return f"{code} no"

    async with smtp_server(Refusing()) as port:
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await SmtpMailer(**LOCAL, port=port).send(message())

    assert asked == ["ada@example.com"] * attempts


async def test_a_connection_that_breaks_after_the_message_sends_it_again_under_its_id() -> None:
    inbox = Inbox(break_off=1)
    async with smtp_server(inbox) as port:
        await SmtpMailer(**LOCAL, port=port).send(message())

    first, second = inbox.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert str(first["Message-ID"]).endswith("@example.com>")


async def test_a_server_that_hangs_is_left_in_time() -> None:
    connected = []
    third = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(1)
        if len(connected) == 3:
            third.set()
        await reader.read()
        writer.close()

    began = asyncio.get_running_loop().time()
    async with raw_server(hang) as port:
        with pytest.raises(TimeoutError):
            await SmtpMailer(**LOCAL, port=port, timeout_seconds=0.1).send(message())
        assert asyncio.get_running_loop().time() - began < 3
        async with asyncio.timeout(5):
            await third.wait()  # a busy machine tells the server late


async def test_a_server_that_dawdles_is_left_in_time() -> None:
    """Each answer comes just in time; all of them together do not."""

    async def dawdle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while await reader.readline():
            await asyncio.sleep(0.15)
            writer.write(b"250 ok\r\n")
        writer.close()

    began = asyncio.get_running_loop().time()
    async with raw_server(dawdle) as port:
        with pytest.raises(TimeoutError):
            await SmtpMailer(**LOCAL, port=port, timeout_seconds=0.2).send(message())

    assert asyncio.get_running_loop().time() - began < 3


async def test_a_server_that_hangs_at_the_farewell_gets_no_second_copy() -> None:
    received = []

    async def hang_up_never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while (line := await reader.readline()) and not line.startswith(b"QUIT"):
            received.append(line)
            if line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250 ok\r\n")
        await reader.read()
        writer.close()

    async with raw_server(hang_up_never) as port:
        await SmtpMailer(**LOCAL, port=port, timeout_seconds=5).send(message())

    assert [line for line in received if line.startswith(b"DATA")] == [b"DATA\r\n"]


async def test_a_server_that_is_not_there_is_an_error(unused_tcp_port: int) -> None:
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await SmtpMailer(**LOCAL, port=unused_tcp_port).send(message())


async def test_a_crowd_of_messages_takes_turns() -> None:
    inbox = Inbox()
    async with smtp_server(inbox) as port:
        mailer = SmtpMailer(**LOCAL, port=port, max_connections=2)
        await asyncio.gather(*(mailer.send(message()) for _ in range(8)))

    assert len(inbox.messages) == 8
    assert inbox.most_at_once <= 2


async def test_cancelling_ends_an_attempt() -> None:
    hung = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        hung.set()
        await reader.read()
        writer.close()

    async with raw_server(hang) as port:
        sending = asyncio.create_task(SmtpMailer(**LOCAL, port=port).send(message()))
        await hung.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(2):
                await sending


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"host": ""}, "must not be empty"),
        ({"host": "mail.example.com", "encryption": "none"}, "must be encrypted"),
        ({"host": "mail.example.com", "encryption": "ssl"}, "must be one of starttls, tls, none"),
        ({"host": "mail.example.com", "username": "me"}, "both username and password"),
        ({"host": "mail.example.com", "password": "x"}, "both username and password"),
        ({"host": "mail.example.com", "timeout_seconds": 60}, "at most 16"),
        ({"host": "mail.example.com", "timeout_seconds": 0}, "above 0"),
        ({"host": "mail.example.com", "max_connections": 0}, "at least 1"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        SmtpMailer(**options)


def test_plain_text_elsewhere_must_be_asked_for() -> None:
    mailer = SmtpMailer(host="mail", encryption="none", allow_plain_text=True)

    assert mailer.encryption == "none"


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(SmtpMailer(host="mail", username="me", password="s3cret"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.com", ("mail.example.com", None, None, None, "starttls")),
        ("smtps://mail.example.com", ("mail.example.com", None, None, None, "tls")),
        ("smtp://localhost:1025", ("localhost", 1025, None, None, "none")),
        ("smtp://me:p%2Fw%40@mail.test:2525/", ("mail.test", 2525, "me", "p/w@", "starttls")),
    ],
)
def test_an_address_says_it_all(url: str, expected: tuple[Any, ...]) -> None:
    made = SmtpMailer.from_url(url)

    assert (made.host, made.port, made.username, made.password, made.encryption) == expected


def test_options_beside_an_address_count() -> None:
    assert SmtpMailer.from_url("smtp://mail.test", timeout_seconds=3).timeout_seconds == 3


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com",
        "http://mail",
        "smtp://",
        "smtp://m:x",
        "smtp://m/path",
        "smtp://m?a=1",
    ],
)
def test_another_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must look like smtp://") as refused:
        SmtpMailer.from_url(url)

    assert not url or f"{url} " not in str(refused.value)


def test_all_attempts_fit_into_an_action_after_the_commit() -> None:
    assert 3 * SmtpMailer(host="mail").timeout_seconds + 1 + 4 <= smtp.LONGEST_SECONDS < 60
