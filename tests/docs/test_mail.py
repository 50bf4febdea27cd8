"""The program of the pages on mail, with what the pages say it does."""

from pathlib import Path
from typing import Any

import pytest

from fastauth_kit.features.email_change import EmailChange
from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.magic_links import MagicLinks
from fastauth_kit.features.mail import ConsoleMailer, Mail, RecordingMailer, SmtpMailer
from fastauth_kit.features.password_reset import PasswordReset
from fastauth_kit.features.private_registration import PrivateRegistration
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
        ("email_change.md", "Options", EmailChange),
        ("private_registration.md", "Options", PrivateRegistration),
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


async def test_an_address_is_changed_and_had_back_as_the_page_says(tmp_path: Path) -> None:
    program = load("mail.py")
    recorder = RecordingMailer()
    object.__setattr__(program.mail, "mailer", recorder)

    async def latest_link(to: str) -> tuple[str, str]:
        await program.auth.after_commit.drain()
        texts = [text_of(mail) for mail in recorder.sent if mail["To"] == to]
        found = [match for match in map(LINK.search, texts) if match]
        return found[-1][1], found[-1][2]

    async with running(program, tmp_path) as client:
        headers = await sign_up(client)
        _, token = await latest_link(ADA["email"])
        await client.post("/api/auth/email/verify", json={"token": token})
        change = {"new_email": "ada@new.example", "password": ADA["password"]}
        asked = await client.post("/api/auth/email/change", json=change, headers=headers)
        page, token = await latest_link("ada@new.example")
        done = await client.post(
            "/api/auth/email/change/confirm", json={"token": token}, headers=headers
        )
        undo_page, token = await latest_link(ADA["email"])
        undo = {"token": token, "new_password": "another horse battery"}
        undone = await client.post("/api/auth/email/change/undo", json=undo)

    assert [asked.status_code, done.status_code, undone.status_code] == [202, 204, 204]
    assert page == "https://example.com/change-email"
    assert undo_page == "https://example.com/undo-email-change"


async def test_a_private_registration_is_completed_and_pruned(tmp_path: Path) -> None:
    program = load("private_registration.py")
    recorder = RecordingMailer()
    object.__setattr__(program.mail, "mailer", recorder)
    async with running(program, tmp_path) as client:
        asked = await client.post("/api/auth/register", json=ADA)
        await program.auth.after_commit.drain()
        link = LINK.search(text_of(recorder.sent[0]))
        assert link
        await program.prune()
        made = await client.post("/api/auth/email/verify", json={"token": link[2]})
        inside = await client.post("/api/auth/login", json=ADA)

    assert [asked.status_code, made.status_code, inside.status_code] == [202, 204, 200]


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
