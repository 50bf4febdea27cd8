"""Mail: what the kit sends, how it is worded, and by which way it leaves."""

from fastauth_kit.features.mail.feature import Mail
from fastauth_kit.features.mail.links import check_page
from fastauth_kit.features.mail.mailer import ConsoleMailer, Mailer, RecordingMailer
from fastauth_kit.features.mail.smtp import SmtpMailer
from fastauth_kit.features.mail.templates import Template

__all__ = [
    "ConsoleMailer",
    "Mail",
    "Mailer",
    "RecordingMailer",
    "SmtpMailer",
    "Template",
    "check_page",
]
