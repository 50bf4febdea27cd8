"""The pages that links in mails open, in a real browser, with the links of real mails."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.example.browser import Observed, browser
from tests.example.processes import Running, serving
from tests.example.server import FOLDER

FILES = {
    "/verify-email": "verify-email.html",
    "/reset-password": "reset-password.html",
    "/magic-link": "magic-link.html",
    "/change-email": "change-email.html",
    "/undo-email-change": "undo-email-change.html",
}
PAGES = list(FILES)
PASSWORD = "correct horse battery"
NEW_PASSWORD = "a new one, which is better"
PHONE: ViewportSize = {"width": 360, "height": 640}
MILLISECONDS = 20_000

expect.set_options(timeout=MILLISECONDS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The example, whose mails are printed to its log."""
    with serving(tmp_path_factory.mktemp("pages"), APP_NAME="Notes & posts") as server:
        yield server


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """The browser: slow to start, so one for all."""
    async with browser() as started:
        yield started


@pytest.fixture
async def seen(chromium: Browser) -> AsyncIterator[Observed]:
    """An empty page of a phone, and what it does."""
    context = await chromium.new_context(viewport=PHONE)
    context.set_default_timeout(MILLISECONDS)
    yield Observed(await context.new_page())
    await context.close()


def register(server: Running, name: str) -> dict[str, str]:
    account = {"email": f"{name}@example.com", "password": PASSWORD}
    answer = httpx2.post(f"{server.url}/api/auth/register", json=account)
    assert answer.status_code == 201, answer.text
    return account


def link(server: Running, to: str, page: str) -> str:
    """Wait for a link in the log, on a line of its own; return it as it is at this port."""
    wanted = re.compile(rf"^http://localhost:8000({page}#token=\S+)$", re.MULTILINE)
    deadline = time.monotonic() + 30
    while True:
        mails = server.output().split("a mail that is shown here")
        texts = "".join(mail for mail in mails if f"To: {to}\n" in mail)
        if found := wanted.findall(texts):
            return f"{server.url}{found[-1]}"
        assert time.monotonic() < deadline, f"no link for {to} in:\n{server.output()}"
        time.sleep(0.02)


def sign_in(server: Running, account: dict[str, str]) -> httpx2.Response:
    return httpx2.post(f"{server.url}/api/auth/login", json=account)


async def test_an_address_is_confirmed_when_the_button_is_pressed(
    server: Running, seen: Observed, tmp_path: Path
) -> None:
    account = register(server, "verify")
    headers = {"Authorization": f"Bearer {sign_in(server, account).json()['access_token']}"}

    def is_verified() -> bool:
        me = httpx2.get(f"{server.url}/api/users/me", headers=headers)
        return bool(me.json()["is_verified"])

    await seen.page.goto(link(server, account["email"], "/verify-email"))
    button = seen.page.get_by_role("button", name="Confirm my address")
    await expect(button).to_be_visible()
    await seen.page.screenshot(path=tmp_path / "verify.png")
    # what opens links to look at them changes nothing, and copies of the address hold no token
    assert not is_verified()
    assert seen.page.url == f"{server.url}/verify-email"
    await button.click()

    await expect(seen.page.get_by_role("status")).to_have_text(
        "Thank you. Your address is confirmed."
    )
    await seen.page.screenshot(path=tmp_path / "verified.png")
    assert is_verified()
    assert seen.complaints == []
    assert all(request.startswith(f"{server.url}/") for request in seen.requests)


async def test_a_password_is_asked_for_by_the_page_and_chosen_anew(
    server: Running, seen: Observed, tmp_path: Path
) -> None:
    account, page = register(server, "reset"), seen.page
    await page.goto(f"{server.url}/reset-password")
    await page.get_by_label("E-mail").fill(account["email"])
    await page.screenshot(path=tmp_path / "ask.png")
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_role("status")).to_contain_text("a mail is on its way")
    asked = link(server, account["email"], "/reset-password")

    # in the tab that is open already, too
    await page.goto(asked)
    field = page.get_by_label("New password")
    await field.fill("password1")
    await page.get_by_role("button", name="Change my password").click()
    await expect(page.get_by_role("status")).to_contain_text("attackers do not try first")
    await page.screenshot(path=tmp_path / "refused.png")
    await field.fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Change my password").click()

    await expect(page.get_by_role("status")).to_contain_text("Your password is changed.")
    assert sign_in(server, account).status_code == 401
    assert sign_in(server, {**account, "password": NEW_PASSWORD}).status_code == 200
    await page.goto(asked)
    await field.fill(PASSWORD)
    await page.get_by_role("button", name="Change my password").click()
    # used up: it says so, and offers another
    await expect(page.get_by_role("button", name="Send me a link")).to_be_visible()
    await expect(page.get_by_role("status")).not_to_be_empty()
    await page.screenshot(path=tmp_path / "used.png")


async def test_a_link_signs_in(server: Running, seen: Observed, tmp_path: Path) -> None:
    account, page = register(server, "magic"), seen.page
    await page.goto(f"{server.url}/magic-link")
    await page.get_by_label("E-mail").fill(account["email"])
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_role("status")).to_contain_text("a mail is on its way")

    await page.goto(link(server, account["email"], "/magic-link"))
    await page.get_by_role("button", name="Sign in").click()

    await expect(page.get_by_role("status")).to_have_text(f"You are signed in: {account['email']}")
    await page.screenshot(path=tmp_path / "signed-in.png")
    assert seen.complaints == []


async def test_an_address_is_changed_and_the_former_mailbox_takes_the_account_back(
    server: Running, seen: Observed, tmp_path: Path
) -> None:
    account, page = register(server, "moving"), seen.page
    token = link(server, account["email"], "/verify-email").partition("#token=")[2]
    httpx2.post(f"{server.url}/api/auth/email/verify", json={"token": token}).raise_for_status()
    new = {**account, "email": "moved@example.com"}
    headers = {"Authorization": f"Bearer {sign_in(server, account).json()['access_token']}"}
    asked = {"new_email": new["email"], "password": PASSWORD}
    url = f"{server.url}/api/auth/email/change"
    assert httpx2.post(url, json=asked, headers=headers).status_code == 202

    await page.goto(link(server, new["email"], "/change-email"))
    await page.screenshot(path=tmp_path / "change.png")
    await page.get_by_role("button", name="Use this address").click()

    await expect(page.get_by_role("status")).to_contain_text("Your account has this address now.")
    assert [sign_in(server, login).status_code for login in (account, new)] == [401, 200]

    await page.goto(link(server, account["email"], "/undo-email-change"))
    await page.get_by_label("New password").fill(NEW_PASSWORD)
    await page.screenshot(path=tmp_path / "undo.png")
    await page.get_by_role("button", name="Take my account back").click()

    await expect(page.get_by_role("status")).to_contain_text("Your account is yours again.")
    own = {**account, "password": NEW_PASSWORD}
    assert [sign_in(server, login).status_code for login in (own, new)] == [200, 401]
    assert seen.complaints == []


async def test_a_browser_keeps_the_cookies_of_this_machine(server: Running, seen: Observed) -> None:
    """Although it is reached without TLS, and no script reads but the CSRF token."""
    account, page = register(server, "baker"), seen.page
    await page.goto(f"{server.url}/magic-link")

    body = await page.evaluate(
        """async (account) => {
            const asks = { "Content-Type": "application/json", "X-Auth-Transport": "cookie" };
            const options = { method: "POST", headers: asks, body: JSON.stringify(account) };
            return (await fetch("api/auth/login", options)).json();
        }""",
        account,
    )
    me = await page.evaluate("async () => (await fetch('api/users/me')).json()")

    assert (body["token_type"], me["email"]) == ("cookie", account["email"])
    assert await page.evaluate("document.cookie") == f"__Host-csrf={body['csrf_token']}"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_runs_its_one_script_and_no_other(
    server: Running, seen: Observed, path: str
) -> None:
    await seen.page.goto(f"{server.url}{path}#token=<img src=x onerror=alert(1)>")

    slipped_in = """() => {
        const script = document.createElement("script");
        script.textContent = "window.slippedIn = true";
        document.body.append(script);
        return window.slippedIn === true;
    }"""
    assert seen.complaints == []
    assert await seen.page.evaluate(slipped_in) is False
    wide = "() => document.documentElement.scrollWidth <= window.innerWidth"
    assert await seen.page.evaluate(wide) is True


async def test_a_server_that_is_away_is_said(server: Running, seen: Observed) -> None:
    page = seen.page
    await page.goto(f"{server.url}/magic-link")
    await page.get_by_label("E-mail").fill("ada@example.com")
    await page.route("**/api/**", lambda route: route.abort())
    await page.get_by_role("button", name="Send me a link").click()

    await expect(page.get_by_role("status")).to_have_text("The server does not answer. Try again.")
    await expect(page.get_by_role("button", name="Send me a link")).to_be_enabled()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_of_a_page_is_inline(server: Running, path: str) -> None:
    answer = httpx2.get(f"{server.url}{path}")
    policy = answer.headers["Content-Security-Policy"]

    assert answer.text == (FOLDER / "app" / "pages" / FILES[path]).read_text("utf-8")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"<script>|<style|\son\w+=|\sstyle=", answer.text)


@pytest.mark.parametrize(
    ("name", "kind"), [("page.js", "text/javascript"), ("page.css", "text/css")]
)
def test_what_pages_share_is_named_by_its_type(server: Running, name: str, kind: str) -> None:
    """Browsers are told not to guess."""
    answer = httpx2.get(f"{server.url}/pages/{name}")

    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_link_of_the_kit_has_a_page(server: Running) -> None:
    named = re.findall(r'page="(/[^"]+)"', (FOLDER / "app" / "auth.py").read_text("utf-8"))

    assert set(named) == set(PAGES)
    assert {httpx2.get(f"{server.url}{path}").status_code for path in named} == {200}
