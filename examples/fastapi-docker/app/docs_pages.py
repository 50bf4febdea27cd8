"""What the app says about itself, and the pages that show it.

Swagger UI and ReDoc come from files of our own: they work offline, and nobody
else is told who looks.
"""

import hashlib
import re
from base64 import b64encode
from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

DESCRIPTION = """
Accounts, sessions, profiles, posts and live messages.

To try them under `/docs`: register, press **Authorize**, and give the e-mail address
as username. The other fields of that form stay empty. Mails are printed to the log,
unless there is a mail server; the links in them open pages of this app.

`/ws` is a WebSocket for live messages. OpenAPI knows none; the README says how to use it.
"""

TAGS = [
    {
        "name": "auth",
        "description": "Register, sign in, sessions, links by mail, events, public keys.",
    },
    {"name": "users", "description": "The own account; all accounts for superusers; profiles."},
    {"name": "posts", "description": "Everybody reads, authors write."},
    {"name": "health", "description": "For orchestrators and load balancers."},
]

# relative to /docs and /redoc, so that they are right behind any prefix of a proxy
STATIC = "docs/static"
SCHEMA = "openapi.json"
ICON = f"{STATIC}/favicon.png"

SWAGGER = {
    # nobody asks swagger.io whether the schema is valid
    "validatorUrl": None,
    "displayRequestDuration": True,
    # the list of models stays closed; operations come first
    "defaultModelsExpandDepth": 0,
}

# Both pages write styles while they run. ReDoc searches in a worker made of a blob.
# Its one picture from elsewhere, a logo, is refused.
POLICY = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def add_docs_pages(app: FastAPI) -> None:
    """Serve ``/docs`` and ``/redoc``, with a Content-Security-Policy that lets them work."""
    swagger = _under_policy(
        get_swagger_ui_html(
            openapi_url=SCHEMA,
            title=app.title,
            swagger_js_url=f"{STATIC}/swagger-ui-bundle.js",
            swagger_css_url=f"{STATIC}/swagger-ui.css",
            swagger_favicon_url=ICON,
            swagger_ui_parameters=SWAGGER,
        )
    )
    redoc = _under_policy(
        get_redoc_html(
            openapi_url=SCHEMA,
            title=app.title,
            redoc_js_url=f"{STATIC}/redoc.standalone.js",
            redoc_favicon_url=ICON,
            with_google_fonts=False,
        )
    )

    @app.get("/docs", include_in_schema=False)
    async def swagger_page() -> HTMLResponse:
        return swagger

    @app.get("/redoc", include_in_schema=False)
    async def redoc_page() -> HTMLResponse:
        return redoc

    # the files that FastAPI's own pages fetch from a CDN
    folder = str(files("fastapi_offline") / "static")
    app.mount(f"/{STATIC}", StaticFiles(directory=folder), name="docs-static")


def _under_policy(page: HTMLResponse) -> HTMLResponse:
    """Allow the script that FastAPI wrote into a page, and no other."""
    inline: list[bytes] = re.findall(rb"<script>(.*?)</script>", bytes(page.body), re.DOTALL)
    scripts = " ".join(f"'sha256-{b64encode(hashlib.sha256(s).digest()).decode()}'" for s in inline)
    page.headers["Content-Security-Policy"] = POLICY.format(scripts=scripts)
    return page
