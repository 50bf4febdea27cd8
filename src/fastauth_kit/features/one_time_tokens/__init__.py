"""One-time tokens: what is sent to a mailbox, and comes back once."""

from fastauth_kit.features.one_time_tokens.errors import InvalidOneTimeToken
from fastauth_kit.features.one_time_tokens.events import MailboxProven, OneTimeTokenRefused
from fastauth_kit.features.one_time_tokens.feature import OneTimeTokens, Proof
from fastauth_kit.features.one_time_tokens.mailbox import prove_mailbox
from fastauth_kit.features.one_time_tokens.models import OneTimeTokenMixin
from fastauth_kit.features.one_time_tokens.token import Purpose

__all__ = [
    "InvalidOneTimeToken",
    "MailboxProven",
    "OneTimeTokenMixin",
    "OneTimeTokenRefused",
    "OneTimeTokens",
    "Proof",
    "Purpose",
    "prove_mailbox",
]
