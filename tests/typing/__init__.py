"""Programs that a caller would write, for the type checkers. Some are also run."""
