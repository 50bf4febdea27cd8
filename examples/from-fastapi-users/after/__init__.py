"""The same app on fastauth-kit, over the same table."""
