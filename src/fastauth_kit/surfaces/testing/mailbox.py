"""The mail that an app sends while it is tested, kept instead of sent."""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final
from urllib.parse import parse_qs, urlsplit

_URL: Final = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that was sent, as its reader sees it."""

    message: EmailMessage
    """The whole message, with every header."""

    @property
    def to(self) -> str:
        """The mailbox that it went to."""
        return str(self.message["To"])

    @property
    def subject(self) -> str:
        """What it is about."""
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """The plain text."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML; empty where there is none."""
        return self._part("html")

    @property
    def links(self) -> list[str]:
        """Every address in the plain text, in its order."""
        return _URL.findall(self.text)

    @property
    def token(self) -> str:
        """The token in the first link that carries one.

        Raises:
            AssertionError: No link does.
        """
        for link in self.links:
            found = parse_qs(urlsplit(link).fragment).get("token")
            if found:
                return found[0]
        raise AssertionError(f"there is no link with a token in {self.subject!r}")

    def _part(self, kind: str) -> str:
        body = self.message.get_body((kind,))
        return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""


class Mailbox:
    """Every letter that was sent; in place of a mailer it sends none.

    What was asked for by a request is here when the answer is.
    """

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        """What was sent, the latest last."""

    def __len__(self) -> int:
        return len(self.letters)

    async def send(self, message: EmailMessage) -> None:
        """Keep a message, as a mailer would send it."""
        self.letters.append(Letter(message))

    def to(self, address: str) -> list[Letter]:
        """Return what was sent to one address, the latest last."""
        return [letter for letter in self.letters if letter.to == address]

    def last_to(self, address: str) -> Letter:
        """Return the latest letter to an address.

        Raises:
            AssertionError: There is none; the message says who got one.
        """
        found = self.to(address)
        if not found:
            others = ", ".join(sorted({letter.to for letter in self.letters})) or "nobody"
            raise AssertionError(f"nothing was mailed to {address}; there is mail to: {others}")
        return found[-1]

    def clear(self) -> None:
        """Forget what was sent so far."""
        self.letters.clear()
