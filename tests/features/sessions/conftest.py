"""Every test of the sessions runs over both transports, and must agree."""

import pytest

from tests.both_transports import by_both


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    by_both(metafunc)
