"""Everything the tests share."""

pytest_plugins = ["tests.servers.plugin"]
