"""Who has not installed an extra is told which."""

import runpy
import sys
from pathlib import Path

import pytest

from fastauth_kit.features import throttling

FOLDER = Path(throttling.__file__).parent


@pytest.mark.parametrize(
    ("missing", "module", "extra"),
    [
        ("limits", "store.py", "throttling"),
        ("redis.asyncio", "redis_store.py", "throttling,redis"),
    ],
)
def test_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, missing: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(ImportError, match=rf"pip install 'fastauth-kit\[{extra}\]'"):
        runpy.run_path(str(FOLDER / module))


def test_who_counts_in_memory_needs_no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    for module in ("feature.py", "memory_store.py", "limits.py", "__init__.py"):
        runpy.run_path(str(FOLDER / module))
