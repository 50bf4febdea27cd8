"""The steps of a change of address, as its tests take them."""

from typing import Any

import httpx2

from tests.kit_app import PASSWORD, KitApp, bearer
from tests.mailing import mailed_token, mails, text_of

ADA, NEW, THIRD = "ada@example.com", "ada@new.example", "ada@third.example"
OTHER_PASSWORD = "the owner's own words"

Tokens = dict[str, Any]


async def ask(
    client: httpx2.AsyncClient, tokens: Tokens, to: str = NEW, password: str | None = PASSWORD
) -> httpx2.Response:
    body = {"new_email": to, "password": password}
    return await client.post("/api/auth/email/change", json=body, headers=bearer(tokens))


async def confirm(
    client: httpx2.AsyncClient, token: str, tokens: Tokens | None = None
) -> httpx2.Response:
    headers = {} if tokens is None else bearer(tokens)
    body = {"token": token}
    return await client.post("/api/auth/email/change/confirm", json=body, headers=headers)


async def undo(
    client: httpx2.AsyncClient, token: str, password: str = OTHER_PASSWORD
) -> httpx2.Response:
    body = {"token": token, "new_password": password}
    return await client.post("/api/auth/email/change/undo", json=body)


async def move(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    to: str = NEW,
    *,
    at: str = ADA,
    password: str = PASSWORD,
) -> str | None:
    """Change the address of an account; return the token of the way back, if there is one."""
    tokens = await kit_app.sign_in(at, password)
    assert (await ask(client, tokens, to, password)).status_code == 202
    assert (await confirm(client, await mailed_token(kit_app, to), tokens)).status_code == 204
    kit_app.clock.advance(minutes=1)
    letter = [mail for mail in await mails(kit_app) if mail["To"] == at][-1]
    return await mailed_token(kit_app, at) if "#token=eu." in text_of(letter) else None


async def login(client: httpx2.AsyncClient, email: str, password: str = PASSWORD) -> int:
    body = {"email": email, "password": password}
    return (await client.post("/api/auth/login", json=body)).status_code


async def is_signed_in(client: httpx2.AsyncClient, tokens: Tokens) -> bool:
    return (await client.get("/api/users/me", headers=bearer(tokens))).status_code == 200


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


INVALID = (400, "invalid_one_time_token")
TAKEN = (400, "email_taken")
