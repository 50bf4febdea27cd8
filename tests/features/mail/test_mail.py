"""Mail leaves after the commit, and nothing that happens to it reaches an answer."""

import logging
import runpy
import sys
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from fastauth_kit import ConfigurationError, Work
from fastauth_kit.features import password_reset
from fastauth_kit.features.mail import (
    ConsoleMailer,
    Mail,
    Mailer,
    RecordingMailer,
    Template,
    check_page,
    smtp,
    templates,
)
from tests.features.mail.test_templates import compose, mail
from tests.kit_app import KitApp
from tests.mailing import mail_features, mails

NOTICE = Template("password_was_reset", password_reset.__name__)


async def send(kit_app: KitApp, *, fail: bool = False, template: Template = NOTICE) -> None:
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        user = await kit_app.auth.find_user(work, "ada@example.com")
        assert user is not None
        feature = kit_app.auth.feature(Mail)
        await feature.send_later(work, template, to=user.email, user=user)
        assert await mails(kit_app) == [] if isinstance(feature.mailer, RecordingMailer) else True
        if fail:
            raise LookupError


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=mail_features())


async def test_a_message_is_sent_after_the_commit(kit_app: KitApp) -> None:
    await kit_app.add_user()

    await send(kit_app)

    (message,) = await mails(kit_app)
    assert message["To"] == "ada@example.com"


async def test_a_message_of_work_that_was_rolled_back_is_not_sent(kit_app: KitApp) -> None:
    await kit_app.add_user()

    with pytest.raises(LookupError):
        await send(kit_app, fail=True)

    assert await mails(kit_app) == []


async def test_the_language_is_asked_of_the_user(
    make_app: Callable[..., KitApp], tmp_path: Any
) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "password_was_reset.txt").write_text("Subject: Deutsch\n\n-\n")
    options = {"templates": str(tmp_path), "locale_of": lambda user: user.name}
    kit_app = make_app(more_features=mail_features(**options))
    await kit_app.add_user(name="de")

    await send(kit_app)

    (message,) = await mails(kit_app)
    assert message["Subject"] == "Deutsch"


class Broken(Mailer):
    async def send(self, message: EmailMessage) -> None:
        raise OSError(f"cannot send {message}")


async def test_a_failure_is_logged_without_the_message(
    make_app: Callable[..., KitApp], caplog: pytest.LogCaptureFixture
) -> None:
    kit_app = make_app(more_features=mail_features(mailer=Broken()))
    await kit_app.add_user()

    await send(kit_app)
    await kit_app.auth.after_commit.drain()

    assert "OSError" in caplog.text
    assert "ada@example.com" not in caplog.text
    assert "password" not in caplog.text.lower().replace("password_reset", "")


async def test_the_console_shows_the_link_on_a_line_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    message = compose(mail())

    await ConsoleMailer().send(message)

    (record,) = caplog.records
    lines = record.getMessage().splitlines()
    assert record.levelno == logging.WARNING
    assert "To: ada@example.com" in lines
    assert "Subject: Choose a new password for Example" in lines
    assert "https://pages.example.com/reset#token=t" in lines


async def test_the_console_shows_no_control_characters(caplog: pytest.LogCaptureFixture) -> None:
    message = compose(mail(), link="\x1b[2Jx")

    await ConsoleMailer().send(message)

    assert "\x1b" not in caplog.text
    assert "[2Jx" in caplog.text


async def test_the_console_shows_a_message_without_text(caplog: pytest.LogCaptureFixture) -> None:
    message = EmailMessage()
    message["To"], message["Subject"] = "ada@example.com", "Hello"
    message.set_content("<p>x</p>", subtype="html")

    await ConsoleMailer().send(message)

    assert "Subject: Hello" in caplog.text
    assert "<p>" not in caplog.text


def test_a_link_hands_the_token_over_in_the_fragment() -> None:
    assert mail().link("/reset", "pr.1.x") == "https://pages.example.com/reset#token=pr.1.x"


@pytest.mark.parametrize(
    ("public_url", "link"),
    [
        ("https://example.com/", "https://example.com/p#token=t"),
        ("https://example.com/app/", "https://example.com/app/p#token=t"),
        ("https://example.com:8443", "https://example.com:8443/p#token=t"),
        ("http://localhost:3000", "http://localhost:3000/p#token=t"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000/p#token=t"),
        ("http://[::1]:3000", "http://[::1]:3000/p#token=t"),
    ],
)
def test_links_begin_with_the_public_address(public_url: str, link: str) -> None:
    assert mail(public_url=public_url).link("/p", "t") == link


@pytest.mark.parametrize(
    "public_url",
    ["", "example.com", "https://", "https://example.com/?a=b", "https://example.com/#a",
     "https://me@example.com", "https://example.com\n", "https://exa mple.com", "https://[::1",
     "https://example.com:x", "https://example.com:0", "https://exämple.com"],
)  # fmt: skip
def test_what_is_no_public_address_is_found_at_start(public_url: str) -> None:
    with pytest.raises(ConfigurationError, match="public_url must be the address of your pages"):
        mail(public_url=public_url)


@pytest.mark.parametrize(
    "public_url", ["http://example.com", "ftp://example.com", "http://localhost.example.com"]
)
def test_links_elsewhere_must_be_encrypted(public_url: str) -> None:
    with pytest.raises(ConfigurationError, match="must begin with https://"):
        mail(public_url=public_url)


@pytest.mark.parametrize(
    "page", ["", "reset", "//evil.test", "/a#b", "/a b", "/ä", "/a\n", "/a\\b"]
)
def test_a_page_is_a_path(page: str) -> None:
    with pytest.raises(ConfigurationError, match="page must be a path"):
        check_page("page", page)


def test_a_page_may_have_a_query() -> None:
    check_page("page", "/reset?from=mail")


@pytest.mark.parametrize(("module", "package"), [(smtp, "aiosmtplib"), (templates, "jinja2")])
def test_a_missing_package_is_named_with_its_extra(
    module: Any, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(ImportError, match=r"pip install 'fastauth-kit\[mail\]'"):
        runpy.run_path(module.__file__)


async def test_the_language_may_come_from_what_is_loaded_lazily(
    make_app: Callable[..., KitApp],
) -> None:
    """In a step of the session, where an expired attribute is read again."""
    kit_app = make_app(more_features=mail_features(locale_of=lambda user: user.name))
    await kit_app.add_user(name="de")

    async def operation(work: Work) -> None:
        user = await kit_app.auth.find_user(work, "ada@example.com")
        assert user is not None
        await work.read(lambda session: session.expire(user))
        feature = kit_app.auth.feature(Mail)
        await feature.send_later(work, NOTICE, to="ada@example.com", user=user)

    await kit_app.auth.run(kit_app.make_session, operation)

    assert len(await mails(kit_app)) == 1
