"""Takes the pictures of the documentation that show the example app as it is.

Runs the demo on a database of its own, looks at it with the Chromium of this machine,
and writes ``docs/images/*.png``.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
from playwright.sync_api import Browser, Page

from tools.browser import browser

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "fastapi-docker"
IMAGES = ROOT / "docs" / "images"

URL = "http://127.0.0.1:8765"
WIDE, PHONE = (1100, 900), (390, 460)
ADA = {"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"}
LONGEST_WAIT = 60.0


def main() -> None:
    """Take every picture."""
    with TemporaryDirectory() as folder, _demo(Path(folder)) as output, browser() as running:
        httpx2.post(f"{URL}/api/auth/register", json=ADA).raise_for_status()
        _take(_page(running, "/docs", WIDE), "routes")
        page = _page(running, "/reset-password", PHONE)
        page.get_by_role("textbox").first.fill(ADA["email"])
        _take(page, "reset-password-ask")
        httpx2.post(f"{URL}/api/auth/password/forgot", json={"email": ADA["email"]})
        link = _mailed_link(output, "/reset-password")
        _take(_page(running, link.removeprefix(URL), PHONE), "reset-password-choose")


def _page(running: Browser, path: str, size: tuple[int, int]) -> Page:
    """Open a page of the app, and wait until it has all that it asks for."""
    width, height = size
    page = running.new_page(viewport={"width": width, "height": height})
    page.goto(f"{URL}{path}", wait_until="networkidle")
    if path == "/docs":
        page.wait_for_selector(".opblock")
    return page


def _take(page: Page, name: str) -> None:
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    print(path.relative_to(ROOT))


@contextmanager
def _demo(folder: Path) -> Iterator[Path]:
    """Run the demo; yield the file with what it prints, mails included."""
    output = folder / "output"
    where = {**os.environ, "DEMO_FOLDER": str(folder / "demo"), "PORT": URL.rpartition(":")[2]}
    with output.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "app.demo"],
            cwd=EXAMPLE,
            env=where,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(output, "The demo is up", process)
            yield output
        finally:
            process.terminate()
            process.wait()


def _wait_for(
    output: Path, pattern: str, process: subprocess.Popen[bytes] | None = None
) -> re.Match[str]:
    """Return where a pattern stands in what was printed, once it does."""
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        if found := re.search(pattern, output.read_text("utf-8")):
            return found
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"no {pattern!r} in what the demo printed:\n{output.read_text('utf-8')}")


def _mailed_link(output: Path, page: str) -> str:
    return _wait_for(output, rf"{re.escape(URL)}{page}#token=\S+")[0]


if __name__ == "__main__":
    main()
