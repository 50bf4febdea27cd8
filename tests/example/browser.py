"""A real browser, headless, that can reach nothing but this machine."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    # the sandbox needs rights that root in a container does not give
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # any other name is unknown, so that nothing leaves unnoticed
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


def installed_browser() -> str:
    """Return the program; skip the test without one, or fail it under REQUIRE_SERVERS."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is not None:
        return found
    reason = "Chromium is not installed; on Debian: apt-get install chromium"
    if os.environ.get("REQUIRE_SERVERS", "") not in ("", "0"):
        pytest.fail(f"{reason} (REQUIRE_SERVERS is set)", pytrace=False)
    pytest.skip(reason)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Run the browser."""
    program = installed_browser()
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield running
        finally:
            await running.close()


@dataclass
class Observed:
    """What a page did beside what it showed."""

    page: Page
    requests: list[str] = field(default_factory=list)
    """Addresses outside of the page itself: no ``data:``, no ``blob:``."""
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the console, and exceptions that nobody caught."""

    def __post_init__(self) -> None:
        self.page.on("request", self._note_request)
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self.requests.append(request.url)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)
