"""Apps for the command to operate."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.kit_app import KitApp, SessionStyle
from tests.surfaces.cli.processes import write_shop
from tests.surfaces.cli.shops import Shop, Terminal


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)


@pytest.fixture
def make_shop(
    make_app: Callable[..., KitApp], terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Shop]:
    """Puts an installation where ``--app shop:auth`` finds it; see ``build_app``."""

    def make(**options: object) -> Shop:
        kit_app, module = make_app(**options), ModuleType("shop")
        vars(module).update(auth=kit_app.auth, app=kit_app.app)
        monkeypatch.setitem(sys.modules, "shop", module)
        return Shop(kit_app, terminal, module)

    return make


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    """One with nothing special."""
    return make_shop()


@pytest.fixture
def folder(tables: str, session_style: SessionStyle, tmp_path: Path) -> Path:
    """A folder with an app in it, on a database with every table."""
    return write_shop(tmp_path, tables, session_style)
