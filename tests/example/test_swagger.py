"""``/docs`` and ``/redoc`` in a real browser, which has no network."""

import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.example.browser import Observed, browser
from tests.example.server import FOLDER, SECRET, free_port, running

IMAGES = Path(__file__).parents[2] / "docs" / "images"
ADA = {"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"}
MILLISECONDS = 20_000
SIZE: ViewportSize = {"width": 1000, "height": 800}

expect.set_options(timeout=MILLISECONDS)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The example app, with an account in it."""
    port = free_port()
    settings = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('example')}/app.db",
        "SECRET_KEY": SECRET,
        "APP_NAME": "Notes & posts",
    }
    command = ["-m", "uvicorn", "app.main:app", "--port", str(port)]
    with running(command, settings, ready="startup complete"):
        address = f"http://127.0.0.1:{port}"
        assert httpx2.post(f"{address}/api/auth/register", json=ADA).status_code == 201
        yield address


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """The browser: slow to start, so one for all."""
    async with browser() as started:
        yield started


@pytest.fixture
async def seen(chromium: Browser) -> AsyncIterator[Observed]:
    """An empty page in a profile of its own, and what it does."""
    context = await chromium.new_context(viewport=SIZE)
    context.set_default_timeout(MILLISECONDS)
    yield Observed(await context.new_page())
    await context.close()


async def _photograph(seen: Observed, name: str, folder: Path) -> None:
    """Keep what the page looks like; ``UPDATE_IMAGES=1`` puts it into the documentation."""
    await seen.page.screenshot(path=folder / name)
    if os.environ.get("UPDATE_IMAGES"):
        shutil.copy(folder / name, IMAGES / name)


async def test_authorize_and_try_it_out(url: str, seen: Observed, tmp_path: Path) -> None:
    page = seen.page
    await page.goto(f"{url}/docs")
    await page.get_by_role("button", name="Authorize").click()
    form = page.locator(".auth-container", has_text="OAuth2PasswordBearer")
    await form.get_by_label("username").fill(ADA["email"])
    await form.get_by_label("password").fill(ADA["password"])
    await form.locator("button.authorize").click()
    await expect(form.get_by_text("Authorized", exact=True)).to_be_visible()
    await form.locator(".auth-btn-wrapper .btn-done").click()

    operation = page.locator("#operations-users-read_me")
    await operation.get_by_role("button").first.click()
    await operation.get_by_role("button", name="Try it out").click()
    await operation.get_by_role("button", name="Execute").click()

    answer = operation.locator(".live-responses-table .response")
    await expect(answer.locator(".response-col_status")).to_contain_text("200")
    await expect(answer.locator(".highlight-code").first).to_contain_text(ADA["email"])
    await operation.scroll_into_view_if_needed()
    await _photograph(seen, "swagger.png", tmp_path)
    assert seen.complaints == []
    assert {request for request in seen.requests if not request.startswith(f"{url}/")} == set()


async def test_a_wrong_password_is_said_in_the_form(url: str, seen: Observed) -> None:
    page = seen.page
    await page.goto(f"{url}/docs")
    await page.get_by_role("button", name="Authorize").click()
    form = page.locator(".auth-container", has_text="OAuth2PasswordBearer")
    await form.get_by_label("username").fill(ADA["email"])
    await form.get_by_label("password").fill("not the password")
    await form.locator("button.authorize").click()

    await expect(form.locator(".errors")).to_contain_text("Unauthorized")


async def test_redoc_shows_every_group(url: str, seen: Observed, tmp_path: Path) -> None:
    page = seen.page
    await page.goto(f"{url}/redoc")

    menu = page.locator(".menu-content")
    for tag in httpx2.get(f"{url}/openapi.json").json()["tags"]:
        await expect(menu.get_by_text(tag["name"], exact=True)).to_be_visible()
    await expect(page.locator("h1").first).to_contain_text("Notes & posts")
    await page.get_by_placeholder("Search...").fill("change post")
    found = page.locator("[data-role='search:results']")
    await expect(found.get_by_text("Change Post")).to_be_visible()
    await _photograph(seen, "redoc.png", tmp_path)
    # ReDoc wants a logo from elsewhere; the policy says no before anything is sent
    assert {text for text in seen.complaints if "redoc.ly" not in text} == set()
    assert not [text for text in seen.complaints if "Content Security Policy" not in text]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_a_script_that_slipped_in_does_not_run(url: str, seen: Observed, path: str) -> None:
    await seen.page.goto(f"{url}{path}")

    slipped_in = """() => {
        const script = document.createElement("script");
        script.textContent = "window.slippedIn = true";
        document.body.append(script);
        return window.slippedIn === true;
    }"""

    assert await seen.page.evaluate(slipped_in) is False


async def test_a_browser_speaks_websocket_as_the_readme_says(url: str, seen: Observed) -> None:
    (script,) = re.findall(r"```js\n(.*?)```", (FOLDER / "README.md").read_text("utf-8"), re.DOTALL)
    tokens = httpx2.post(f"{url}/api/auth/login", json=ADA).json()
    given = f"const accessToken = {json.dumps(tokens['access_token'])};"
    # from /docs, whose policy has to allow it
    await seen.page.goto(f"{url}/docs")

    here = script.replace("ws://127.0.0.1:8000", url.replace("http", "ws"))
    async with seen.page.expect_console_message(lambda said: "hello" in said.text) as heard:
        await seen.page.evaluate(f"() => {{ {given} {here} }}")

    assert json.loads((await heard.value).text)["text"] == "hello"
    assert seen.complaints == []
