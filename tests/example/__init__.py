"""The example app, as a process of its own."""
