"""Links with one-time tokens, as features mail them. Nothing to switch on, so no feature."""

from fastauth_kit.features.mailed_links.link import MailedLink

__all__ = ["MailedLink"]
