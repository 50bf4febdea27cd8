"""Mail of the example, with real mail servers: good, slow, dead and refusing.

How the kit's mailer speaks SMTP is tested in ``tests/features/mail``.
"""

import asyncio
import socket
import sqlite3
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest

from tests.example.mail_servers import (
    PASSWORD,
    QUOTED,
    USER,
    Mailbox,
    make_certificate,
    receiving,
)
from tests.example.processes import Running, serving
from tests.example.server import FOLDER, SECRET, environment, free_port

# aiosmtpd 1.4.6 is older than some deprecations of asyncio
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")

PROMPTLY = 5.0
"""Seconds: less than one attempt with a dead mail server takes."""

MAILS = ("Confirm your e-mail address", "Welcome")
"""Subjects of what follows a registration."""


def register(server: Running, email: str = "ada@example.com", **fields: str) -> httpx2.Response:
    body = {"email": email, "password": "correct horse battery", **fields}
    return httpx2.post(f"{server.url}/api/auth/register", json=body, timeout=30)


def register_promptly(server: Running) -> None:
    began = time.monotonic()
    assert register(server).status_code == 201
    assert time.monotonic() - began < PROMPTLY


def welcome(mails: list[EmailMessage]) -> EmailMessage:
    (mail,) = [mail for mail in mails if mail["Subject"].startswith("Welcome")]
    return mail


# -- sent ------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["ada@example.com", "\u00fcn\u00ef@ex\u00e4mple.com"])
def test_whoever_registers_gets_two_mails(tmp_path: Path, address: str) -> None:
    mailbox, port = Mailbox(), free_port()
    settings = {
        "SMTP_URL": f"smtp://127.0.0.1:{port}",
        "MAIL_FROM": "Engines <app@example.org>",
        "APP_NAME": "Engines",
        "PUBLIC_URL": "https://engines.example.org",
    }
    with receiving(mailbox, port), serving(tmp_path, **settings) as server:
        stored = register(server, address, name="Words of a stranger").json()["email"]
        mails = mailbox.wait_for(2)

    mail = welcome(mails)
    (other,) = [one for one in mails if one is not mail]
    assert set(mailbox.recipients) == {stored}
    assert (mail["From"], mail["Subject"]) == ("Engines <app@example.org>", "Welcome to Engines")
    wording = (FOLDER / "app" / "templates" / "welcome.txt").read_text("utf-8")
    subject, _, text = wording.replace("{{ product_name }}", "Engines").partition("\n")
    assert subject == f"Subject: {mail['Subject']}"
    assert mail.get_content().strip() == text.strip()
    assert "https://engines.example.org/verify-email#token=" in str(other.get_body(("plain",)))
    assert "stranger" not in "".join(map(str, mails))


def test_a_password_travels_within_tls(tmp_path: Path) -> None:
    tls, trusted = make_certificate(tmp_path)
    mailbox, port = Mailbox(), free_port()
    settings = {
        "SMTP_URL": f"smtps://{QUOTED}@127.0.0.1:{port}",
        "SSL_CERT_FILE": str(trusted),
    }
    with (
        # aiosmtpd knows of no TLS but the one it negotiated itself
        receiving(mailbox, port, ssl_context=tls, auth_require_tls=False),
        serving(tmp_path, **settings) as server,
    ):
        register(server)
        mailbox.wait_for(2)
        assert PASSWORD not in server.output()

    assert set(mailbox.logins) == {(USER.encode(), PASSWORD.encode())}


def test_without_a_server_mails_are_printed(tmp_path: Path) -> None:
    with serving(tmp_path, APP_NAME="Engines") as server:
        register(server)
        server.wait_for_output("Subject: Welcome to Engines")
        server.wait_for_output("\nhttp://localhost:8000/verify-email#token=ev.")

        assert "correct horse battery" not in server.output()
        assert "PUBLIC_URL is not set" not in server.output()


def test_links_that_lead_nowhere_are_warned_of(tmp_path: Path) -> None:
    with serving(tmp_path, SMTP_URL="smtp://127.0.0.1:1") as server:
        server.wait_for_output("PUBLIC_URL is not set: links in mails lead to http://localhost")


# -- not sent --------------------------------------------------------------------------


def test_a_server_that_never_answers_delays_nobody(tmp_path: Path) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        port = deaf.getsockname()[1]
        with serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server:
            register_promptly(server)

            began = time.monotonic()
            server.stop()

            # neither the attempts that are left nor their pauses
            assert time.monotonic() - began < 10
            assert server.output().count("an after-commit action failed") == len(MAILS)


def test_a_server_that_is_not_there_is_given_up_and_logged(tmp_path: Path) -> None:
    """After three attempts, and two pauses of five seconds together."""
    with serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{free_port()}") as server:
        register_promptly(server)
        server.wait_for_output("an after-commit action failed", times=len(MAILS))
        output = server.output()

    assert "An account was made" not in output
    assert "#token=" not in output


def test_a_refusal_is_final(tmp_path: Path) -> None:
    refusals = ["550 ada@example.com is unknown here"] * len(MAILS)
    mailbox, port = Mailbox(answers=refusals), free_port()
    with (
        receiving(mailbox, port),
        serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
    ):
        register_promptly(server)
        server.wait_for_output("an after-commit action failed: SMTPDataError", times=len(MAILS))
        output = server.output()

    assert len(mailbox.attempts) == len(MAILS)
    assert "unknown here" not in output


def test_a_server_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    mailbox, port = Mailbox(answers=["451 later", "451 later"]), free_port()
    with (
        receiving(mailbox, port),
        serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
    ):
        register_promptly(server)
        mailbox.wait_for(len(MAILS))

    assert len(mailbox.attempts) == len(MAILS) + 2


# -- once, or not at all ---------------------------------------------------------------


def test_a_slow_mail_arrives_although_the_app_ends(tmp_path: Path) -> None:
    mailbox, port = Mailbox(delay_seconds=1), free_port()
    with (
        receiving(mailbox, port),
        serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
    ):
        register_promptly(server)
        server.stop()

        assert len(mailbox.mails) == len(MAILS)


async def test_twenty_at_once_get_one_account_and_one_welcome(tmp_path: Path) -> None:
    mailbox, port = Mailbox(), free_port()
    settings = {"SMTP_URL": f"smtp://127.0.0.1:{port}", "DEBUG": "true", "THROTTLING": "off"}
    with receiving(mailbox, port), serving(tmp_path, **settings) as server:
        answers = await asyncio.gather(
            *(asyncio.to_thread(register, server, "ada@example.com") for _ in range(20))
        )
        await asyncio.to_thread(server.stop)

    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 19
    assert welcome(mailbox.mails)["To"] == "ada@example.com"
    assert len(mailbox.mails) == len(MAILS)


def test_no_mail_for_an_account_whose_commit_fails(tmp_path: Path) -> None:
    mailbox, port = Mailbox(), free_port()
    with (
        receiving(mailbox, port),
        serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
    ):
        _let_commits_fail(tmp_path / "app.db", "ada@example.com")
        failed = register(server, "ada@example.com")
        made = register(server, "bob@example.com")
        server.stop()

    assert (failed.status_code, made.status_code) == (409, 201), failed.text
    assert set(mailbox.recipients) == {"bob@example.com"}


def _let_commits_fail(file: Path, address: str) -> None:
    """A row that points nowhere is allowed until the commit, and not then."""
    with sqlite3.connect(file) as database:
        database.executescript(f"""
            CREATE TABLE strict (id INTEGER PRIMARY KEY, user_id INTEGER
                REFERENCES users(id) DEFERRABLE INITIALLY DEFERRED);
            CREATE TRIGGER fail AFTER INSERT ON users WHEN new.email = '{address}'
                BEGIN INSERT INTO strict (user_id) VALUES (-1); END;
        """)
    database.close()


# -- settings --------------------------------------------------------------------------


def _run(program: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=FOLDER,
        env=environment(**{"SECRET_KEY": SECRET, **settings}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


SECRET_IN_URL = "s3cret-of-the-url"


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("SMTP_URL", f"smtp://u:{SECRET_IN_URL}@mail.example.com/path", "must look like smtp://"),
        ("MAIL_FROM", "a@example.com, b@example.com", "sender must be one address"),
        ("PUBLIC_URL", "http://example.com", "must begin with https://"),
        ("WS_RECHECK_SECONDS", "0", "WS_RECHECK_SECONDS"),
    ],
)
def test_a_bad_setting_is_refused_at_start(setting: str, value: str, sentence: str) -> None:
    done = _run("import app.main", **{setting: value})

    assert done.returncode != 0
    assert sentence in done.stderr
    assert SECRET_IN_URL not in done.stderr


def test_only_the_mailbox_of_development_is_sent_mail_without_tls() -> None:
    program = "from app.auth import auth\nfrom fastauth_kit.features.mail import Mail\n"
    program += "print(auth.feature(Mail).mailer.encryption)"

    usual = _run(program, SMTP_URL="smtp://mail:1025")
    plain = _run(program, SMTP_URL="smtp://mail:1025", SMTP_WITHOUT_TLS="true")

    assert (usual.stdout, plain.stdout) == ("starttls\n", "none\n"), usual.stderr + plain.stderr
