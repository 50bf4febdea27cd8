"""An app of one's own, with accounts and sessions by fastauth-kit."""
