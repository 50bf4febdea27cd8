"""Messages, put together so that nothing in them can become a header."""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.secrets import random_text
from fastauth_kit.core.text import printable
from fastauth_kit.features.mail.templates import Wording

LONGEST_SUBJECT = 200


def checked_sender(text: str) -> Address:
    """Return a sender such as ``Example <no-reply@example.com>``, taken apart.

    Raises:
        ConfigurationError: It is not exactly one address.
    """
    try:
        header = SMTP.header_factory("from", text)
    except (ValueError, LookupError, MessageError):  # line breaks; what its parser stumbles over
        header = None
    addresses: tuple[Address, ...] = () if header is None or header.defects else header.addresses
    if len(addresses) != 1 or not addresses[0].domain or not text.isprintable():
        raise ConfigurationError(
            f"sender must be one address, such as 'Example <no-reply@example.com>', not {text!r}"
        )
    return addresses[0]


def compose(*, sender: Address, to: str, wording: Wording, now: datetime) -> EmailMessage:
    """Return a message, ready to be sent.

    Its id does not change when it is sent again, so that mailboxes can tell.

    Raises:
        ValueError: ``to`` has a line break.
    """
    message = EmailMessage(SMTP)
    message["From"] = sender
    # without a name: it would be the user's own words in front of our text
    local_part, _, domain = to.rpartition("@")
    message["To"] = Address(username=local_part, domain=domain)
    message["Subject"] = printable(wording.subject, at_most=LONGEST_SUBJECT)
    message["Date"] = now
    message["Message-ID"] = f"<{random_text()}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notices, please
    message.set_content(wording.text)
    if wording.html is not None:
        message.add_alternative(wording.html, subtype="html")
    return message
