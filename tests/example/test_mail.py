"""The mail after a registration, with real mail servers: good, slow, dead and refusing."""

import asyncio
import socket
import sqlite3
import subprocess
import sys
import time
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


def register(server: Running, email: str = "ada@example.com", **fields: str) -> httpx2.Response:
    body = {"email": email, "password": "correct horse battery", **fields}
    return httpx2.post(f"{server.url}/api/auth/register", json=body, timeout=30)


def register_promptly(server: Running) -> None:
    began = time.monotonic()
    assert register(server).status_code == 201
    assert time.monotonic() - began < PROMPTLY


# -- sent ------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["ada@example.com", "\u00fcn\u00ef@ex\u00e4mple.com"])
def test_whoever_registers_gets_a_mail(tmp_path: Path, address: str) -> None:
    mailbox, port = Mailbox(), free_port()
    settings = {
        "SMTP_URL": f"smtp://127.0.0.1:{port}",
        "MAIL_FROM": "Engines <app@example.org>",
        "APP_NAME": "Engines",
    }
    with receiving(mailbox, port), serving(tmp_path, **settings) as server:
        stored = register(server, address).json()["email"]
        (mail,) = mailbox.wait_for(1)

    assert mailbox.recipients == [stored]
    assert (mail["From"], mail["Subject"]) == ("Engines <app@example.org>", "Welcome to Engines")
    # the bytes as they came: Python reads headers as ASCII
    assert str(mail["To"]).encode("utf-8", "surrogateescape").decode() == stored
    assert mail["Message-ID"].endswith("@example.org>")
    assert mail.get_content().strip() == "An account was made for this address at Engines."


@pytest.mark.parametrize("scheme", ["smtp", "smtp+starttls", "smtps"])
def test_a_password_travels_within_tls(tmp_path: Path, scheme: str) -> None:
    tls, trusted = make_certificate(tmp_path)
    mailbox, port = Mailbox(), free_port()
    options = (
        # aiosmtpd knows of no TLS but the one it negotiated itself
        {"ssl_context": tls, "auth_require_tls": False}
        if scheme == "smtps"
        else {"tls_context": tls, "require_starttls": True, "auth_required": True}
    )
    settings = {
        "SMTP_URL": f"{scheme}://{QUOTED}@127.0.0.1:{port}",
        "SSL_CERT_FILE": str(trusted),
    }
    with (
        receiving(mailbox, port, **options),
        serving(tmp_path, **settings) as server,
    ):
        register(server)
        mailbox.wait_for(1)
        assert PASSWORD not in server.output()

    assert mailbox.logins == [(USER.encode(), PASSWORD.encode())]


def test_without_a_server_the_mail_is_printed(tmp_path: Path) -> None:
    with serving(tmp_path, APP_NAME="Engines") as server:
        register(server)
        server.wait_for_output("Mail to ada@example.com: Welcome to Engines")

        assert "correct horse battery" not in server.output()


# -- not sent --------------------------------------------------------------------------


def test_a_password_is_not_given_to_a_stranger(tmp_path: Path) -> None:
    tls, _ = make_certificate(tmp_path)
    mailbox, port = Mailbox(), free_port()
    with (
        receiving(mailbox, port, tls_context=tls),
        serving(tmp_path, SMTP_URL=f"smtp://{QUOTED}@127.0.0.1:{port}") as server,
    ):
        register_promptly(server)
        server.wait_for_output("has to wait 1.0 s", times=1)

    assert mailbox.logins == mailbox.attempts == []


def test_a_password_is_not_given_without_tls(tmp_path: Path) -> None:
    mailbox, port = Mailbox(), free_port()
    with (
        receiving(mailbox, port, auth_require_tls=False),
        serving(tmp_path, SMTP_URL=f"smtp://{QUOTED}@127.0.0.1:{port}") as server,
    ):
        register_promptly(server)
        server.wait_for_output("was not sent")

    assert mailbox.logins == mailbox.attempts == []


def test_a_server_that_never_answers_delays_nobody(tmp_path: Path) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        port = deaf.getsockname()[1]
        with serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server:
            register_promptly(server)
            server.wait_for_output("has to wait 1.0 s")

            began = time.monotonic()
            server.stop()

            # neither the attempts that are left nor their pauses
            assert time.monotonic() - began < 10
            assert server.output().count("was not sent") == 1


def test_a_server_that_is_not_there_is_tried_four_times(tmp_path: Path) -> None:
    with serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{free_port()}") as server:
        register_promptly(server)
        server.wait_for_output("was not sent")
        output = server.output()

    assert output.count("has to wait") == 3
    assert "Traceback" not in output
    assert "An account was made" not in output


def test_a_refusal_is_final(tmp_path: Path) -> None:
    mailbox, port = Mailbox(answers=["550 ada@example.com is unknown here"]), free_port()
    with (
        receiving(mailbox, port),
        serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
    ):
        register_promptly(server)
        server.wait_for_output("was not sent: SMTPDataError 550")
        output = server.output()

    assert len(mailbox.attempts) == 1
    assert "unknown here" not in output


def test_a_server_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    mailbox, port = Mailbox(answers=["451 later", "451 later"]), free_port()
    with (
        receiving(mailbox, port),
        serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
    ):
        register_promptly(server)
        mailbox.wait_for(1)

    assert len(mailbox.attempts) == 3
    assert len({mail["Message-ID"] for mail in mailbox.attempts}) == 1


# -- once, or not at all ---------------------------------------------------------------


def test_a_mail_is_not_sent_again_because_the_farewell_failed(tmp_path: Path) -> None:
    mailbox, port = Mailbox(silent_at_the_end=True), free_port()
    with (
        receiving(mailbox, port),
        serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
    ):
        register(server)
        mailbox.wait_for(1)
        server.stop()  # waits for what is under way

        assert "was not sent" not in server.output()
        assert "has to wait" not in server.output()
    assert len(mailbox.attempts) == 1


def test_a_slow_mail_arrives_although_the_app_ends(tmp_path: Path) -> None:
    mailbox, port = Mailbox(delay_seconds=1), free_port()
    with (
        receiving(mailbox, port),
        serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
    ):
        register_promptly(server)
        server.stop()

        assert len(mailbox.mails) == 1


async def test_twenty_at_once_get_one_account_and_one_mail(tmp_path: Path) -> None:
    mailbox, port = Mailbox(), free_port()
    with (
        receiving(mailbox, port),
        serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
    ):
        answers = await asyncio.gather(
            *(asyncio.to_thread(register, server, "ada@example.com") for _ in range(20))
        )
        await asyncio.to_thread(server.stop)

    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 19
    assert mailbox.recipients == ["ada@example.com"]


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
    assert mailbox.recipients == ["bob@example.com"]


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


def test_nothing_of_a_registration_becomes_a_header(tmp_path: Path) -> None:
    mailbox, port = Mailbox(), free_port()
    with (
        receiving(mailbox, port),
        serving(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
    ):
        for address in (
            "ada@example.com\r\nBcc: bob@example.com",
            '"ada\r\nBcc: bob@example.com"@example.com',
            "ada@example.com, bob@example.com",
            "Ada <ada@example.com>",
        ):
            assert register(server, address).status_code == 422
        register(server, name="Ada\r\nBcc: bob@example.com")
        server.stop()

    (mail,) = mailbox.mails
    assert mailbox.recipients == ["ada@example.com"]
    assert "bob" not in mail.as_string()


# -- within the process ----------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("ada@example.com\nBcc: bob@example.com", "Hello"),
        ("ada@example.com, bob@example.com", "Hello"),
        ("ada", "Hello"),
        ("ada@example.com", "Hello\nBcc: bob@example.com"),
    ],
)
def test_a_mail_is_only_composed_to_one_address(address: str, subject: str) -> None:
    done = _run(
        "from app.services.mail.welcome import compose\n"
        f"try: compose({address!r}, {subject!r}, 'text')\n"
        "except Exception as error: print(type(error).__mro__)\n"
    )

    assert "ValueError" in done.stdout, done.stdout + done.stderr


def test_mails_that_pile_up_are_dropped_not_waited_for() -> None:
    program = """
import asyncio
from app.services.mail.mailer import UNDER_WAY, get_mailer
from app.services.mail.welcome import compose

async def main():
    server = await asyncio.start_server(lambda reader, writer: asyncio.sleep(60), "127.0.0.1", PORT)
    mail = compose("ada@example.com", "Hello", "text")
    tasks = [asyncio.create_task(get_mailer().send(mail)) for _ in range(UNDER_WAY + 1)]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    print(done == {tasks[-1]}, flush=True)
    get_mailer().hurry()
    await asyncio.wait(tasks)

asyncio.run(main())
"""
    port = free_port()

    done = _run(program.replace("PORT", str(port)), SMTP_URL=f"smtp://127.0.0.1:{port}")

    assert done.stdout.strip() == "True", done.stderr
    assert done.stderr.count("too many are under way") == 1


SECRET_IN_URL = "s3cret-of-the-url"


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("SMTP_URL", "mail.example.com:25", "begins with smtp://"),
        ("SMTP_URL", f"http://u:{SECRET_IN_URL}@mail.example.com", "begins with smtp://"),
        ("SMTP_URL", f"smtp://u:{SECRET_IN_URL}@", "names a host"),
        ("SMTP_URL", f"smtp://u:{SECRET_IN_URL}@mail.example.com:0", "names a host"),
        ("SMTP_URL", f"smtp://u:{SECRET_IN_URL}@mail.example.com:x", "write it as smtp://"),
        ("SMTP_URL", "smtp://u@mail.example.com", "belong together"),
        ("SMTP_URL", f"smtp://u:{SECRET_IN_URL}@mail.example.com/path", "ends after the port"),
        ("SMTP_URL", f"smtp://u:{SECRET_IN_URL}@mail.example.com?x=1", "ends after the port"),
        ("SMTP_URL", f"smtp://u:{SECRET_IN_URL}%0d@mail.example.com", "not allowed"),
        ("SMTP_URL", f"smtp://u:{SECRET_IN_URL}\n@mail.example.com", "not allowed"),
        ("MAIL_FROM", "nobody", "write it as My App"),
        ("MAIL_FROM", "a@example.com, b@example.com", "write it as My App"),
        ("MAIL_FROM", "a@example.com\nBcc: b@example.com", "MAIL_FROM"),
        ("WS_RECHECK_SECONDS", "0", "WS_RECHECK_SECONDS"),
    ],
)
def test_a_bad_setting_is_refused_at_start(setting: str, value: str, sentence: str) -> None:
    done = _run("import app.main", **{setting: value})

    assert done.returncode != 0
    assert sentence in done.stderr
    assert SECRET_IN_URL not in done.stderr
