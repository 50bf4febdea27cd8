"""What tests of the flows that send mail share."""

import re
from email.message import EmailMessage
from typing import Any, TypeVar

import pytest

from fastauth_kit.core.feature import Feature
from fastauth_kit.features.audit import Audit
from fastauth_kit.features.cookies import Cookies
from fastauth_kit.features.email_change import EmailChange
from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.magic_links import MagicLinks
from fastauth_kit.features.mail import Mail, RecordingMailer
from fastauth_kit.features.one_time_tokens import OneTimeTokens
from fastauth_kit.features.password_reset import PasswordReset
from tests.kit_app import IntAuditEvent, IntOneTimeToken, KitApp

PUBLIC_URL = "https://pages.example.com"
TestT = TypeVar("TestT")

LINK = re.compile(r"^(https://\S+?)#token=(\S+)$", re.MULTILINE)


def once(test: TestT) -> TestT:
    """Run a test on one database, over one kind of session: nothing in it depends on them."""
    for name, value in (("database_kind", "sqlite"), ("session_style", "async")):
        test = pytest.mark.parametrize(name, [value], indirect=True)(test)
    return test


def mail_features(
    *more: Feature, model: Any = IntOneTimeToken, **options: Any
) -> tuple[Feature, ...]:
    """Return mail that is kept, tokens, and the flows of a test."""
    given = {
        "mailer": RecordingMailer(),
        "sender": "Example <no-reply@example.com>",
        "public_url": PUBLIC_URL,
        "product_name": "Example",
        **options,
    }
    return (OneTimeTokens(model=model), Mail(**given), *more)


def every_feature() -> tuple[Feature, ...]:
    """Return every feature that ``build_app`` leaves out by itself.

    But for the private registration, which takes the place of the open one.
    """
    flows = (PasswordReset(), EmailVerification(), MagicLinks(), EmailChange())
    return (*mail_features(*flows), Audit(model=IntAuditEvent), Cookies())


async def mails(kit_app: KitApp) -> list[EmailMessage]:
    """Return what was sent so far, once everything under way is done."""
    await kit_app.auth.after_commit.drain()
    mailer = kit_app.auth.feature(Mail).mailer
    assert isinstance(mailer, RecordingMailer)
    return mailer.sent


def text_of(message: EmailMessage, subtype: str = "plain") -> str:
    """Return the text of a message, or its HTML."""
    body = message.get_body((subtype,))
    assert body is not None
    content: str = body.get_content()
    return content.replace("\r\n", "\n")


async def mailed_token(kit_app: KitApp, to: str = "ada@example.com") -> str:
    """Return the token of the latest link that was mailed to an address."""
    letters = [mail for mail in await mails(kit_app) if mail["To"] == to]
    found = [LINK.search(text_of(mail)) for mail in reversed(letters)]
    return next(match[2] for match in found if match)
