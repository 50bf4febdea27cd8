"""An app to operate, and the command as an operator calls it."""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

import pytest

from fastauth_kit import Accounts, Work
from fastauth_kit.surfaces.cli.command import main
from tests.kit_app import PASSWORD, KitApp

ResultT = TypeVar("ResultT")

ADA = "ada@example.com"


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: Any
    out: str
    err: str


class Terminal:
    """Calls the command in this process, without a terminal behind it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def call(self, *words: str, stdin: bytes = b"") -> Done:
        self._monkeypatch.setattr(sys, "argv", ["fastauth-kit", *words])
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        return Done(ended.value.code, said.out, said.err)


@dataclass(frozen=True)
class Shop:
    """An installation whose module is called ``shop``."""

    kit_app: KitApp
    terminal: Terminal
    module: ModuleType

    def call(self, *words: str, stdin: str = "") -> Done:
        """Call the command for this app."""
        return self.terminal.call("--app", "shop:auth", *words, stdin=stdin.encode())

    def do(self, act: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Await something in a loop of its own, as the command does."""

        async def acted() -> ResultT:
            try:
                return await act()
            finally:
                await self.kit_app.engine.dispose()
                self.kit_app.app_engine.dispose()

        return asyncio.run(acted())

    def add(self, email: str = ADA, **columns: Any) -> Any:
        """Make an account and return its id."""

        async def make() -> Any:
            auth = self.kit_app.auth
            async with self.kit_app.sessions() as session, auth.work_for(session) as work:
                user = await self._create(work, email, columns)
                return user.id

        return self.do(make)

    async def _create(self, work: Work, email: str, columns: dict[str, Any]) -> Any:
        accounts = self.kit_app.auth.feature(Accounts)
        return await accounts.create(work, email=email, password=PASSWORD, **columns)

    def log_in(self, email: str = ADA, password: str = PASSWORD) -> int:
        """Sign in over HTTP and return the status."""

        async def post() -> int:
            async with self.kit_app.client() as client:
                body = {"email": email, "password": password}
                answer = await client.post("/api/auth/login", json=body)
                return int(answer.status_code)

        return self.do(post)
