"""What a page and its browser send."""

from http.cookies import SimpleCookie
from typing import Any

import httpx2

from tests.kit_app import PASSWORD, KitApp

LOGIN = "/api/auth/login"
REFRESH = "/api/auth/refresh"
LOGOUT = "/api/auth/logout"
ME = "/api/users/me"
ACCESS, REFRESH_COOKIE, CSRF = "__Host-access", "__Secure-refresh", "__Host-csrf"

BY_COOKIE = {"X-Auth-Transport": "cookie"}
OWN = {"Sec-Fetch-Site": "same-origin"}
FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
ADA = {"email": "ada@example.com", "password": PASSWORD}


async def log_in(client: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
    """Ask for cookies, as the app's own page does; the client keeps them."""
    return await client.post(LOGIN, json=ADA, headers={**OWN, **BY_COOKIE, **headers})


async def signed_in(kit_app: KitApp, client: httpx2.AsyncClient) -> httpx2.Response:
    """Make an account and sign in; return the answer."""
    await kit_app.add_user()
    answer = await log_in(client)
    assert answer.status_code == 200, answer.text
    return answer


def cookies_of(answer: httpx2.Response) -> Any:
    """Return the cookies that an answer sets, with their attributes."""
    jar: Any = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    return jar


def sent(**values: str) -> dict[str, str]:
    """Return a Cookie header, whatever a client's own jar would say."""
    names = {"access": ACCESS, "refresh": REFRESH_COOKIE, "csrf": CSRF}
    return {"Cookie": "; ".join(f"{names[name]}={value}" for name, value in values.items())}


def values_of(answer: httpx2.Response) -> dict[str, str]:
    """Return the values of all three cookies."""
    jar = cookies_of(answer)
    names = {"access": ACCESS, "refresh": REFRESH_COOKIE, "csrf": CSRF}
    return {name: jar[cookie].value for name, cookie in names.items()}
