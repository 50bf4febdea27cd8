"""The mail that follows a registration."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from functools import partial

from app.config import get_settings
from app.services.mail.mailer import get_mailer
from fastauth_kit import Event, EventSink, Work, canonical_email
from fastauth_kit.features.accounts import UserCreated


class WelcomeMail(EventSink):
    """Greets whoever has registered: once, and only if the account was committed."""

    async def receive(self, work: Work, event: Event) -> None:
        """Have the mail sent after the commit."""
        # whoever makes a superuser tells them
        if isinstance(event, UserCreated) and not event.user.is_superuser:
            work.after_commit(partial(send_welcome, event.user.email))


async def send_welcome(address: str) -> None:
    """Send it, or log why not."""
    app = get_settings().APP_NAME
    # Nothing that came with the registration, such as a name: it would let anybody
    # send words of their own to anybody, in our name.
    text = f"An account was made for this address at {app}.\n"
    await get_mailer().send(compose(address, f"Welcome to {app}", text))


def compose(address: str, subject: str, text: str) -> EmailMessage:
    """Return a mail to one address.

    Raises:
        ValueError: It is not one address, or the subject has a line feed.
    """
    message = EmailMessage()
    message["From"] = get_settings().MAIL_FROM
    # one address, checked, and never parsed as a header
    local_part, _, domain = canonical_email(address).rpartition("@")
    message["To"] = Address(username=local_part, domain=domain)
    message["Subject"] = subject
    message["Date"] = localtime()
    # one for all attempts, so that two copies can be seen to be one mail
    message["Message-ID"] = make_msgid(domain=message["From"].addresses[0].domain)
    # no "I am on holiday" as an answer (RFC 3834)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message
