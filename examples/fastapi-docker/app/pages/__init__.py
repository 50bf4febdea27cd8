"""The pages that links in mails open: plain files, for an app without a front end.

A link carries its token after ``#``, so no server and no log ever sees it. The page takes
it from there and sends it when somebody presses the button: programs that look into mails
open links, too, and must not use them up.
"""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

PAGES = sorted(file.stem for file in FOLDER.glob("*.html"))
"""``reset-password.html`` is served as ``/reset-password``."""

HEADERS: Final = {
    # no script but the one file, and nothing from or to anywhere else
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    # a page and its script belong together: ask whether there is a newer one
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


def add_pages(app: FastAPI) -> None:
    """Serve each page under its name, and the script and the style that they share."""
    for name in PAGES:
        _add_page(name)
    app.include_router(router)
    app.mount("/pages", StaticFiles(directory=STATIC), name="pages")


def _add_page(name: str) -> None:
    @router.get(f"/{name}", name=name)
    async def page() -> FileResponse:
        return FileResponse(FOLDER / f"{name}.html", headers=HEADERS)
