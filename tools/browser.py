"""The Chromium of this machine, for tools that draw or look."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    # the sandbox needs rights that root in a container does not give
    "--no-sandbox",
    "--disable-gpu",
    # any other name is unknown: nothing may come from elsewhere
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@contextmanager
def browser() -> Iterator[Browser]:
    """Run the browser, headless."""
    program = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if program is None:
        sys.exit("Chromium is not installed; on Debian: apt-get install chromium")
    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield running
        finally:
            running.close()
