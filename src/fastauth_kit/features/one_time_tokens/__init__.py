"""One-time tokens: what is sent to a mailbox, and comes back once."""

from fastauth_kit.features.one_time_tokens.errors import InvalidOneTimeToken
from fastauth_kit.features.one_time_tokens.events import MailboxProven, OneTimeTokenRefused
from fastauth_kit.features.one_time_tokens.feature import OneTimeTokens, Proof
from fastauth_kit.features.one_time_tokens.mailbox import prove_mailbox
from fastauth_kit.features.one_time_tokens.models import OneTimeTokenMixin
from fastauth_kit.features.one_time_tokens.pruning import prune_token_batch
from fastauth_kit.features.one_time_tokens.token import (
    OneTimeToken,
    Purpose,
    new_one_time_token,
    parse_one_time_token,
)
from fastauth_kit.features.one_time_tokens.verification import (
    MailboxVerifier,
    add_verify_email_route,
)

__all__ = [
    "InvalidOneTimeToken",
    "MailboxProven",
    "MailboxVerifier",
    "OneTimeToken",
    "OneTimeTokenMixin",
    "OneTimeTokenRefused",
    "OneTimeTokens",
    "Proof",
    "Purpose",
    "add_verify_email_route",
    "new_one_time_token",
    "parse_one_time_token",
    "prove_mailbox",
    "prune_token_batch",
]
