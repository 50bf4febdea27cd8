"""The one way in which a link is mailed: a token, an address for it, a message."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.work import Work
from fastauth_kit.features.mail import Mail, Template
from fastauth_kit.features.one_time_tokens import OneTimeTokens, Purpose


@dataclass(frozen=True, slots=True)
class MailedLink:
    """A link that is mailed.

    Args:
        purpose: What its token is for.
        page: Path of the page that it opens.
        template: The message around it; it may name ``link`` and ``minutes``.
    """

    purpose: Purpose
    page: str
    template: Template

    async def send(
        self, work: Work, user: UserMixin[Any], *, to: str | None = None, **values: Any
    ) -> None:
        """Mail a link to a user once the work is committed; the one before is void.

        Args:
            to: The mailbox; ``None`` for that of the account.
            values: What else the template names.
        """
        tokens, mail = work.auth.feature(OneTimeTokens), work.auth.feature(Mail)
        mailbox = user.email if to is None else to
        token = await tokens.issue(work, user.id, self.purpose, email=mailbox)
        named = {
            "link": mail.link(self.page, token),
            "minutes": self.purpose.lifetime // timedelta(minutes=1),
            **values,
        }
        await mail.send_later(work, self.template, to=mailbox, user=user, **named)
