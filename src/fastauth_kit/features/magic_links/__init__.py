"""Magic links: sign in by a link that is mailed, without a password."""

from fastauth_kit.features.magic_links.events import MagicLinkRequested
from fastauth_kit.features.magic_links.factory import get_magic_link_router
from fastauth_kit.features.magic_links.feature import MagicLinks

__all__ = ["MagicLinkRequested", "MagicLinks", "get_magic_link_router"]
