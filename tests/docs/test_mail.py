"""The program of the pages on mail, with what the pages say it does."""

from pathlib import Path
from typing import Any

import pytest

from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.magic_links import MagicLinks
from fastauth_kit.features.mail import ConsoleMailer, Mail, RecordingMailer, SmtpMailer
from fastauth_kit.features.password_reset import PasswordReset
from tests.docs.pages import code_in, table
from tests.docs.programs import ADA, DOCS, load, running, sign_up
from tests.docs.test_reference import documented_options, options_of
from tests.mailing import LINK, text_of

PAGES = DOCS / "features"


@pytest.mark.parametrize(
    ("page", "heading", "kind"),
    [
        ("mail.md", "Options", Mail),
        ("mail.md", "SmtpMailer", SmtpMailer),
        ("password_reset.md", "Options", PasswordReset),
        ("email_verification.md", "Options", EmailVerification),
        ("magic_links.md", "Options", MagicLinks),
    ],
)
def test_every_option_is_documented_with_its_default(page: str, heading: str, kind: Any) -> None:
    assert documented_options(PAGES / page, heading) == options_of(kind)


def test_every_message_is_named() -> None:
    rows = table(PAGES / "mail.md", "Words of your own")
    features = Path(str(DOCS.parent)) / "src" / "fastauth_kit" / "features"

    worded = {file.stem for file in features.glob("*/templates/*.txt")}
    assert {code_in(row[0])[0] for row in rows} == worded


async def test_the_program_sends_what_the_pages_say(tmp_path: Path) -> None:
    program = load("mail.py")
    recorder = RecordingMailer()
    object.__setattr__(program.mail, "mailer", recorder)
    async with running(program, tmp_path) as client:
        headers = await sign_up(client)
        await client.post("/api/auth/password/forgot", json={"email": ADA["email"]})
        await program.auth.after_commit.drain()
        verification, reset = (LINK.search(text_of(mail)) for mail in recorder.sent)
        assert verification
        assert reset
        body = {"token": verification[2]}
        verified = await client.post("/api/auth/email/verify", json=body)
        me = await client.get("/api/users/me", headers=headers)
        await client.post("/api/auth/password/forgot", json={"email": ADA["email"]})
        await program.auth.after_commit.drain()
        again = LINK.search(text_of(recorder.sent[-1]))
        assert again
        new = {"token": again[2], "new_password": "another horse battery"}
        done = await client.post("/api/auth/password/reset", json=new)
        await client.post("/api/auth/magic-link", json={"email": ADA["email"]})
        await program.auth.after_commit.drain()
        magic = LINK.search(text_of(recorder.sent[-1]))
        assert magic
        inside = await client.post("/api/auth/magic-link/login", json={"token": magic[2]})

    assert verification[1] == "https://example.com/verify-email"
    assert reset[1] == "https://example.com/reset-password"
    assert magic[1] == "https://example.com/magic-link"
    statuses = [verified.status_code, done.status_code, inside.status_code]
    assert statuses == [204, 204, 200]
    assert me.json()["is_verified"] is True


def test_the_way_of_the_mail_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    program = load("mail.py")
    assert isinstance(program.make_mailer(), ConsoleMailer)

    monkeypatch.setenv("SMTP_URL", "smtp://me:secret@smtp.example.com:587")
    mailer = program.make_mailer()

    assert isinstance(mailer, SmtpMailer)
    assert (mailer.host, mailer.encryption) == ("smtp.example.com", "starttls")


def test_the_language_is_that_of_the_user() -> None:
    program = load("mail.py")

    assert program.language_of(program.User(language="de")) == "de"
