"""Hands mail to the mail server, and never lasts."""

import asyncio
import logging
import ssl
from contextlib import suppress
from email.message import EmailMessage
from functools import lru_cache
from typing import Final

from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException

from app.config import get_settings
from app.smtp import SmtpServer

logger = logging.getLogger("app.mail")

ATTEMPT_SECONDS: Final = 8.0

PAUSES: Final = (1.0, 3.0, 9.0)
"""Seconds before each further attempt."""

SECONDS: Final = 55.0
"""For one mail and all its attempts. The kit ends what runs after a commit after 60."""

SHUTDOWN_SECONDS: Final = 5.0
"""For all mail that is under way when the app ends."""

CONNECTIONS: Final = 10
"""To the mail server, at once."""

UNDER_WAY: Final = 500
"""Mails at once. The kit lets commits wait when there are 1000 actions."""


class Mailer:
    """Sends mail with a bounded number of attempts, in a bounded time.

    What must arrive although this process may be killed belongs into a table that
    a job reads (an outbox).
    """

    def __init__(self, server: SmtpServer | None) -> None:
        self._server = server
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._limits: set[asyncio.Timeout] = set()

    async def send(self, message: EmailMessage) -> None:
        """Send a mail, or log why not; without a server it is printed."""
        if self._server is None:
            parts = message["To"], message["Subject"], message.get_content()
            logger.warning("SMTP_URL is empty. Mail to %s: %s\n%s", *parts)
        elif len(self._limits) >= UNDER_WAY:
            logger.error("mail %s was not sent: too many are under way", message["Message-ID"])
        else:
            await self._send_in_time(self._server, message)

    def hurry(self) -> None:
        """Give up soon what is under way: the app ends."""
        end = asyncio.get_running_loop().time() + SHUTDOWN_SECONDS
        for limit in self._limits:
            limit.reschedule(min(end, limit.when() or end))

    async def _send_in_time(self, server: SmtpServer, message: EmailMessage) -> None:
        limit = asyncio.timeout(SECONDS)
        self._limits.add(limit)
        try:
            async with limit:
                await self._try_until_sent(server, message)
        except Exception as error:  # noqa: BLE001  # nobody waits for it
            logger.error("mail %s was not sent: %s", message["Message-ID"], _reason(error))  # noqa: TRY400  # a traceback shows the address
        finally:
            self._limits.discard(limit)

    async def _try_until_sent(self, server: SmtpServer, message: EmailMessage) -> None:
        for pause in PAUSES:
            try:
                await self._try(server, message)
                return
            except Exception as error:
                if not _is_temporary(error):
                    raise
                logger.warning(
                    "mail %s has to wait %s s: %s", message["Message-ID"], pause, _reason(error)
                )
            await asyncio.sleep(pause)
        await self._try(server, message)

    async def _try(self, server: SmtpServer, message: EmailMessage) -> None:
        client = SMTP(
            hostname=server.hostname,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.use_tls,
            start_tls=server.start_tls,
            tls_context=_tls_context() if server.use_tls or server.start_tls else None,
            timeout=ATTEMPT_SECONDS,
        )
        async with self._slots:
            try:
                async with asyncio.timeout(ATTEMPT_SECONDS):
                    await client.connect()
                    await client.send_message(message)
                # it is sent now, whatever becomes of the farewell: another attempt
                # would send it twice
                with suppress(SMTPException, OSError):
                    await client.quit(timeout=1)
            finally:
                client.close()


@lru_cache
def get_mailer() -> Mailer:
    """Return the one that all of this process shares."""
    url = get_settings().SMTP_URL
    return Mailer(SmtpServer.from_url(url) if url else None)


@lru_cache
def _tls_context() -> ssl.SSLContext:
    """Read the machine's certificates once; it takes a while."""
    return ssl.create_default_context()


def _codes(error: Exception) -> list[int]:
    if isinstance(error, SMTPRecipientsRefused):
        return [refused.code for refused in error.recipients]
    return [error.code] if isinstance(error, SMTPResponseException) else []


def _is_temporary(error: Exception) -> bool:
    """Whether another attempt makes sense (RFC 5321, section 4.2.1: 4yz)."""
    codes = _codes(error)
    return all(400 <= code < 500 for code in codes) if codes else isinstance(error, OSError)


def _reason(error: Exception) -> str:
    """Say what went wrong, without what the server said: it may repeat the mail."""
    return " ".join([type(error).__name__, *map(str, _codes(error))])
