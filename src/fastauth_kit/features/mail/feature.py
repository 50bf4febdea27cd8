"""Mail: worded from templates, sent after the commit, off the path of the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import Event, EventSink
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.notices import Notice
from fastauth_kit.core.store import find
from fastauth_kit.core.work import Work
from fastauth_kit.features.mail.links import checked_public_url, link
from fastauth_kit.features.mail.mailer import Mailer
from fastauth_kit.features.mail.message import checked_sender, compose
from fastauth_kit.features.mail.templates import Template, Templates


@dataclass(frozen=True, kw_only=True)
class Mail(Feature, EventSink):
    """What the flows that send mail share.

    Args:
        mailer: By which way mail leaves.
        sender: Such as ``Example <no-reply@example.com>``.
        public_url: Where the caller's pages are, as their users see them. It
            alone shapes a link: no header of a request does.
        product_name: What the messages call the app.
        templates: Folder of templates that replace built-in ones.
        locale_of: Returns the language of a user, such as ``de`` or ``pt_BR``,
            by which templates are looked up; ``None`` for the usual one. It is
            called within the transaction and may read relationships.

    Raises:
        ConfigurationError: An option cannot work, or a template is wrong.
    """

    name: ClassVar[str] = "mail"

    mailer: Mailer
    sender: str
    public_url: str
    product_name: str
    templates: str | Path | None = None
    locale_of: Callable[[Any], str | None] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.mailer, Mailer):
            raise ConfigurationError("mailer must be a Mailer, such as SmtpMailer(host=...)")
        if not self.product_name or not self.product_name.isprintable():
            raise ConfigurationError("product_name must be a line of text")
        self._parts  # noqa: B018  # a wrong address or template is to fail at start

    async def receive(self, work: Work, event: Event) -> None:
        """Mail the events that their owner should hear of."""
        if not isinstance(event, Notice):
            return
        model = work.auth.user_model
        owner = (model.id == event.user_id, model.is_active.is_(True))
        user: UserMixin[Any] | None = await find(work, model, *owner)
        if user is not None:
            template = Template(event.message, event.package)
            await self.send_later(work, template, to=user.email, user=user)

    async def send_later(
        self,
        work: Work,
        template: Template,
        *,
        to: str,
        user: UserMixin[Any] | None,
        **values: Any,
    ) -> None:
        """Send a message once the work is committed.

        Nothing that happens to it reaches whoever waits for the answer.

        Args:
            to: The mailbox.
            user: Whose language is spoken; ``None`` for the usual one.
            values: What the templates name, beside ``product_name``.
        """
        locale = await self._locale(work, user)
        work.after_commit(partial(self._send, template, to, locale, work.now, values))

    def link(self, page: str, token: str) -> str:
        """Return a link to a page of the caller's, with a token for it."""
        return link(self._parts.public_url, page, token)

    def compose(
        self,
        template: Template,
        *,
        to: str,
        locale: str | None,
        now: datetime,
        values: Mapping[str, Any],
    ) -> EmailMessage:
        """Return the message that ``send_later`` sends."""
        known = {"product_name": self.product_name, "public_url": self._parts.public_url}
        wording = self._parts.templates.render(template, locale, {**known, **values})
        return compose(sender=self._parts.sender, to=to, wording=wording, now=now)

    async def _locale(self, work: Work, user: UserMixin[Any] | None) -> str | None:
        ask = self.locale_of
        if ask is None or user is None:
            return None
        return await work.read(lambda _: ask(user))

    async def _send(
        self,
        template: Template,
        to: str,
        locale: str | None,
        now: datetime,
        values: Mapping[str, Any],
    ) -> None:
        message = self.compose(template, to=to, locale=locale, now=now, values=values)
        await self.mailer.send(message)

    @cached_property
    def _parts(self) -> "_Parts":
        folder = Path(self.templates) if self.templates is not None else None
        return _Parts(
            checked_public_url(self.public_url), checked_sender(self.sender), Templates(folder)
        )


@dataclass(frozen=True, slots=True)
class _Parts:
    """The options, in the form in which they are used."""

    public_url: str
    sender: Address
    templates: Templates
