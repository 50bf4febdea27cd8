"""What is weak on purpose works while pytest runs a test, and at no other time."""

import os
import sys

from fastauth_kit.core.errors import ConfigurationError


def refuse_outside_tests(what: str) -> None:
    """Refuse unless pytest is running a test in this process.

    Both are asked: pytest names the test that it runs in the environment, which
    a process started by a test inherits; and it is loaded here. A server in
    production has neither, and one setting alone cannot make it look so.

    Args:
        what: What was asked for, as the beginning of the sentence.

    Raises:
        ConfigurationError: No test is running.
    """
    if "PYTEST_CURRENT_TEST" not in os.environ or "pytest" not in sys.modules:
        raise ConfigurationError(
            f"{what} works only while pytest runs a test: call it in a test or a fixture, "
            "never in the app itself"
        )
