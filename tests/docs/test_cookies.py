"""The program and the client of the page on cookies, in a real browser."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, Page

from fastauth_kit.features.cookies import Cookies
from tests.docs.programs import ADA, DOCS
from tests.docs.test_reference import documented_options, options_of
from tests.example.browser import browser
from tests.example.server import SECRET, free_port, running

ROOT = DOCS.parent
MILLISECONDS = 20_000

SUBMIT = """([action, fields]) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = action;
    for (const [name, value] of Object.entries(fields)) {
        const input = document.createElement("input");
        input.name = name;
        input.value = value;
        form.append(input);
    }
    document.body.append(form);
    form.submit();
}"""

FETCH = """async ([url, options]) => {
    try {
        const answer = await fetch(url, {credentials: "include", ...options});
        return answer.type === "opaque" ? "opaque" : String(answer.status);
    } catch (error) {
        return "blocked";
    }
}"""

SOCKET = """(url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onmessage = (message) => resolve(message.data);
    socket.onclose = () => resolve("closed");
})"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the program, which runs for all tests of this file."""
    port = free_port()
    settings = {
        "SITE_DATABASE": f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('cookies')}/site.db",
        "SECRET_KEY": SECRET,
        "APP_ORIGIN": f"http://localhost:{port}",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    command = ["-m", "uvicorn", "tests.docs.cookie_site:app", "--port", str(port)]
    with running(command, settings, ready="startup complete", folder=ROOT):
        registered = httpx2.post(f"http://127.0.0.1:{port}/api/auth/register", json=ADA)
        assert registered.status_code == 201
        yield port


@pytest.fixture(scope="module")
def site(port: int) -> str:
    """The origin of the program's own page."""
    return f"http://localhost:{port}"


@pytest.fixture(scope="module")
def foreign_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of somebody else's page."""
    folder, port = tmp_path_factory.mktemp("foreign"), free_port()
    (folder / "index.html").write_text("<!doctype html><title>foreign</title>Win a prize!")
    command = ["-u", "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with running(command, {}, ready="Serving HTTP", folder=folder):
        yield port


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """The browser: slow to start, so one for all."""
    async with browser() as started:
        yield started


@pytest.fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A profile with nothing in it."""
    context = await chromium.new_context()
    context.set_default_timeout(MILLISECONDS)
    yield context
    await context.close()


@pytest.fixture
async def own(context: BrowserContext, site: str) -> Page:
    """The program's own page, signed in by the client of the documentation."""
    page = await context.new_page()
    await page.goto(site)
    await page.wait_for_function("document.title === 'ready'")
    script = "async ([email, password]) => (await client.signIn(email, password)).status"
    assert await page.evaluate(script, [ADA["email"], ADA["password"]]) == 200
    seen(site)
    return page


def seen(site: str) -> list[dict[str, Any]]:
    """Return what the API was asked since the last time."""
    found: list[dict[str, Any]] = httpx2.get(
        f"{site}/seen".replace("localhost", "127.0.0.1")
    ).json()
    return found


async def call(page: Page, path: str, method: str = "GET") -> int:
    """Use the client; return the status."""
    script = "async ([path, method]) => (await client.call(path, {method})).status"
    status: int = await page.evaluate(script, [path, method])
    return status


async def test_the_apps_own_page_works(context: BrowserContext, own: Page, site: str) -> None:
    cookies = {
        cookie["name"]: cookie for cookie in await context.cookies(f"{site}/api/auth/refresh")
    }
    assert set(cookies) == {"__Host-access", "__Secure-refresh", "__Host-csrf"}
    assert all(cookie["secure"] for cookie in cookies.values())
    names = await own.evaluate("document.cookie.split('; ').map((pair) => pair.split('=')[0])")
    assert names == ["__Host-csrf"]

    rename = """async () => (await client.call("/api/users/me", {
        method: "PATCH",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({name: "Ada"}),
    })).status"""
    assert await own.evaluate(rename) == 200
    assert await own.evaluate(SOCKET, f"{site.replace('http', 'ws')}/socket") == ADA["email"]

    seen(site)
    await context.clear_cookies(name="__Host-access")
    two = "Promise.all([1, 2].map(async () => (await client.call('/api/users/me')).status))"
    assert await own.evaluate(two) == [200, 200]
    assert [what["asked"] for what in seen(site)].count("POST /auth/refresh") == 1

    await context.clear_cookies(name="__Host-access")
    assert await own.evaluate("async () => (await client.signOut()).status") == 204
    assert await context.cookies() == []
    assert await call(own, "/api/users/me") == 401


async def foreign_page(context: BrowserContext, host: str, port: int) -> Page:
    """Open the page of somebody else's."""
    page = await context.new_page()
    await page.goto(f"http://{host}:{port}/")
    return page


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["sibling", "site"])
async def test_a_foreign_page_does_nothing(
    context: BrowserContext, own: Page, site: str, foreign_port: int, host: str
) -> None:
    """Another port is another origin of the same site, and gets the cookies along."""
    with_cookies = host == "localhost"
    evil = await foreign_page(context, host, foreign_port)
    plain = {"method": "POST", "mode": "no-cors"}
    text = {**plain, "body": "{}", "headers": {"Content-Type": "text/plain"}}

    for path, options in (
        ("/api/auth/logout", plain),
        ("/api/auth/refresh", plain),
        ("/api/auth/password/change", text),
    ):
        assert await evil.evaluate(FETCH, [f"{site}{path}", options]) == "opaque"
    asked = seen(site)
    assert {what["cookie"] for what in asked} == {with_cookies}
    assert {what["status"] for what in asked} <= ({403} if with_cookies else {401, 422})
    assert len(asked) == 3

    for method, headers in (
        ("DELETE", {}),
        ("POST", {"X-Auth-Transport": "cookie"}),
        ("POST", {"X-CSRF-Token": "x"}),
    ):
        options = {"method": method, "headers": headers}
        assert await evil.evaluate(FETCH, [f"{site}/api/auth/sessions", options]) == "blocked"
    assert await evil.evaluate(SOCKET, f"{site.replace('http', 'ws')}/socket") == "closed"

    seen(site)
    assert await call(own, "/api/users/me") == 200
    assert [what["asked"] for what in seen(site)] == [
        "GET /users/me"
    ]  # nothing had to be refreshed


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["sibling", "site"])
async def test_a_foreign_form_does_nothing(
    context: BrowserContext, own: Page, site: str, foreign_port: int, host: str
) -> None:
    before = await context.cookies()

    for path, fields in (
        ("/api/auth/logout", {}),
        ("/api/auth/refresh", {}),
        ("/api/auth/login", {"username": ADA["email"], "password": ADA["password"]}),
    ):
        evil = await foreign_page(context, host, foreign_port)
        async with evil.expect_navigation():
            await evil.evaluate(SUBMIT, [f"{site}{path}", fields])

    assert [(what["asked"], what["cookie"]) for what in seen(site)] == [
        ("POST /auth/logout", host == "localhost"),
        ("POST /auth/refresh", host == "localhost"),
        ("POST /auth/login", host == "localhost"),
    ]
    assert await context.cookies() == before
    assert await call(own, "/api/users/me") == 200


def test_every_option_is_documented_with_its_default() -> None:
    assert documented_options(DOCS / "features" / "cookies.md", "Options") == options_of(Cookies)
