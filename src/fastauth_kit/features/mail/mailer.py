"""The port through which mail leaves, and two ways for development and tests."""

import logging
from abc import ABC, abstractmethod
from email.message import EmailMessage

from fastauth_kit.core.text import printable

logger: logging.Logger = logging.getLogger("fastauth_kit")


class Mailer(ABC):
    """Sends messages. Inherit from it for another way than SMTP."""

    @abstractmethod
    async def send(self, message: EmailMessage) -> None:
        """Send a message, or raise; retries are the mailer's own.

        It runs after the commit, for 60 seconds at most, and off the path of
        the answer. Whatever it raises is logged by its class alone.
        """


class ConsoleMailer(Mailer):
    """Writes messages to the log, as warnings: they are sent to nobody.

    For development. What it writes signs people in.
    """

    async def send(self, message: EmailMessage) -> None:
        """Log the recipient, the subject and the text, links on lines of their own."""
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        lines = [f"To: {message['To']}", f"Subject: {message['Subject']}", "", *text.splitlines()]
        shown = "\n".join(printable(line, at_most=2000) for line in lines)
        logger.warning("a mail that is shown here and sent to nobody:\n%s", shown)


class RecordingMailer(Mailer):
    """Keeps messages, for tests."""

    def __init__(self) -> None:
        self.sent: list[EmailMessage] = []
        """What was sent, the latest last."""

    async def send(self, message: EmailMessage) -> None:
        """Keep a message."""
        self.sent.append(message)
