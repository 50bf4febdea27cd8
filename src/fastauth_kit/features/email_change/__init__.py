"""E-mail change: another address, proven before it counts, and a way back for its owner."""

from fastauth_kit.features.email_change.events import EmailChanged, EmailChangeUndone
from fastauth_kit.features.email_change.factory import get_email_change_router
from fastauth_kit.features.email_change.feature import EmailChange

__all__ = ["EmailChange", "EmailChangeUndone", "EmailChanged", "get_email_change_router"]
