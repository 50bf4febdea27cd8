"""Mail: by which way it leaves, and the one of our own: a welcome.

Links that reset a password or prove a mailbox are sent by the kit's features. All mail
goes through its after-commit actions. FastAPI's ``BackgroundTasks``, which many tutorials
take, are right for what follows an answer, is quick and belongs to no transaction. They
would send a mail although the commit failed, keep the request's session and its pooled
connection until the mail server has answered, and end a failure as a traceback.
"""

from typing import Final

from app.config import Settings
from fastauth_kit import Event, EventSink, Work
from fastauth_kit.features.accounts import UserCreated
from fastauth_kit.features.mail import ConsoleMailer, Mail, Mailer, SmtpMailer, Template

WELCOME = Template("welcome", "app")
"""``templates/welcome.txt``. It is given nothing that came with the registration, such as a
name: that would let anybody send words of their own to anybody, in our name."""

SHUTDOWN_SECONDS: Final = 5.0
"""For all mail that is under way when the app ends."""


def make_mailer(settings: Settings) -> Mailer:
    """Return what hands mail over; without ``SMTP_URL`` it is printed to the log.

    It tries three times, within a minute, and logs what was not sent. What must arrive
    although this process may be killed belongs into a table that a job reads (an outbox).
    """
    url = settings.SMTP_URL.get_secret_value()
    if not url:
        return ConsoleMailer()
    if settings.SMTP_WITHOUT_TLS:
        return SmtpMailer.from_url(url, encryption="none", allow_plain_text=True)
    return SmtpMailer.from_url(url)


class WelcomeMail(EventSink):
    """Greets whoever has registered: once, and only if the account was committed."""

    async def receive(self, work: Work, event: Event) -> None:
        """Have the mail sent after the commit; whether it arrives does not concern the answer."""
        # whoever makes a superuser tells them
        if isinstance(event, UserCreated) and not event.user.is_superuser:
            mail = work.auth.feature(Mail)
            await mail.send_later(work, WELCOME, to=event.user.email, user=event.user)
