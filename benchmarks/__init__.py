"""The kit against a hand-written app, in one process and one run."""
