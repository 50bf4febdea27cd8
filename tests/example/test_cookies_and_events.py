"""Cookies behind the example's own middleware, the log of events, private registration."""

import re
from pathlib import Path

import httpx2
import pytest

from tests.example.inside import PASSWORD, Example
from tests.example.processes import serving

one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

NAMED = {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}
FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
ASKS = {"X-Auth-Transport": "cookie"}
POST = {"title": "Hello"}


@one_database
async def test_a_page_that_cors_names_uses_cookies_and_a_foreign_one_does_not(
    inside_app: Example,
) -> None:
    ada, client = await inside_app.person(), inside_app.client
    account = {"email": ada.email, "password": PASSWORD}

    refused = await client.post("/api/auth/login", json=account, headers={**FOREIGN, **ASKS})
    assert dict(client.cookies) == {}
    login = await client.post("/api/auth/login", json=account, headers={**NAMED, **ASKS})
    of_cookies = [
        await client.post("/api/posts", json=POST, headers=headers)
        for headers in (NAMED, FOREIGN, {}, {"X-CSRF-Token": login.json()["csrf_token"]})
    ]

    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    assert login.headers["access-control-allow-credentials"] == "true"
    assert login.json().keys() == {"token_type", "expires_in", "csrf_token"}
    assert [answer.status_code for answer in of_cookies] == [201, 403, 403, 201]
    assert of_cookies[1].json() == refused.json()
    assert await inside_app.execute("SELECT count(*) FROM posts") == [2]


@one_database
@pytest.mark.parametrize(("header", "status"), [("X-CSRF-Token", 200), ("X-Whatever", 400)])
async def test_a_page_may_send_the_headers_that_cookies_need(
    inside_app: Example, header: str, status: int
) -> None:
    preflight = {
        "Origin": NAMED["Origin"],
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": f"content-type, x-auth-transport, {header}",
    }

    assert (await inside_app.client.options("/api/posts", headers=preflight)).status_code == status


@one_database
async def test_a_login_is_listed_with_the_id_of_its_request(inside_app: Example) -> None:
    ada, client = await inside_app.person(), inside_app.client
    wrong = {"email": ada.email, "password": "not the password"}
    failed = await client.post("/api/auth/login", json=wrong)

    events = (await client.get("/api/auth/events", headers=ada.headers)).json()["items"]
    (request_id,) = await inside_app.execute(
        "SELECT request_id FROM audit_events WHERE kind = 'login_failed'"
    )

    assert [(event["kind"], event["succeeded"]) for event in events[:2]] == [
        ("login_failed", False),
        ("logged_in", True),
    ]
    assert request_id == failed.headers["X-Request-ID"]
    assert (await client.get("/api/auth/audit", headers=ada.headers)).status_code == 403


def test_a_private_registration_tells_the_mailbox_alone(tmp_path: Path) -> None:
    account = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    with serving(tmp_path, PRIVATE_REGISTRATION="true") as server:
        with httpx2.Client(base_url=f"{server.url}/api") as client:
            first = client.post("/auth/register", json=account)
            too_early = client.post("/auth/login", json=account)
            server.wait_for_output("/verify-email#token=rg.")
            token = re.findall(r"/verify-email#token=(rg\S+)\n", server.output())[0]
            verified = client.post("/auth/email/verify", json={"token": token})
            second = client.post("/auth/register", json=account)
            login = client.post("/auth/login", json=account).json()
            headers = {"Authorization": f"Bearer {login['access_token']}"}
            me = client.get("/users/me", headers=headers).json()
            profile = client.get("/users/me/profile", headers=headers)
        # the hooks of the app run when there is an account
        server.wait_for_output("Subject: Welcome to")

    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (202, {})
    assert (too_early.status_code, verified.status_code) == (401, 204)
    assert (me["name"], me["is_verified"], profile.status_code) == ("Ada", True, 200)
