"""What is mailed, and what the links in it do."""

import re
from email.message import EmailMessage

from app.auth import auth
from httpx2 import AsyncClient

from tests.conftest import ADA

LINK = re.compile(r"http://localhost:8000(/\S+)#token=(\S+)")
"""On a line of its own, so that it can be clicked in a terminal."""


async def link_in(mails: list[EmailMessage], subject: str) -> tuple[str, str]:
    """Return the page of a link, and its token."""
    await auth.after_commit.drain()
    (mail,) = [mail for mail in mails if subject in mail["Subject"]]
    lines = text_of(mail).splitlines()
    (found,) = [match for line in lines if (match := LINK.fullmatch(line))]
    return found[1], found[2]


def text_of(mail: EmailMessage) -> str:
    """Return what somebody reads."""
    body = mail.get_body(("plain",))
    return str(body.get_content()) if isinstance(body, EmailMessage) else ""


async def test_whoever_registers_is_welcome(client: AsyncClient, mails: list[EmailMessage]) -> None:
    await client.post("/api/auth/register", json=ADA)
    await auth.after_commit.drain()

    (welcome,) = [mail for mail in mails if "Welcome" in mail["Subject"]]
    assert welcome["To"] == ADA["email"]
    # not their words: anybody may register anybody's address
    assert ADA["name"] not in text_of(welcome)


async def test_a_refused_registration_mails_nothing(
    ada: AsyncClient, mails: list[EmailMessage]
) -> None:
    await auth.after_commit.drain()
    mails.clear()

    refused = await ada.post("/api/auth/register", json=ADA)
    await auth.after_commit.drain()

    assert (refused.status_code, mails) == (400, [])


async def test_an_address_is_confirmed(client: AsyncClient, mails: list[EmailMessage]) -> None:
    await client.post("/api/auth/register", json=ADA)
    page, token = await link_in(mails, "Confirm")

    answer = await client.post("/api/auth/email/verify", json={"token": token})
    tokens = (await client.post("/api/auth/login", json=ADA)).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = await client.get("/api/users/me", headers=headers)

    assert (await client.get(page)).status_code == 200
    assert answer.status_code == 204
    assert me.json()["is_verified"] is True


async def test_a_forgotten_password_is_replaced(
    ada: AsyncClient, mails: list[EmailMessage]
) -> None:
    new = {"email": ADA["email"], "password": "a new one, which is better"}
    await ada.post("/api/auth/password/forgot", json={"email": ADA["email"]})
    page, token = await link_in(mails, "password")

    body = {"token": token, "new_password": new["password"]}
    answer = await ada.post("/api/auth/password/reset", json=body)
    before, after = [await ada.post("/api/auth/login", json=account) for account in (ADA, new)]

    assert (await ada.get(page)).status_code == 200
    assert [answer.status_code, before.status_code, after.status_code] == [204, 401, 200]
    assert (await ada.get("/api/users/me")).status_code == 401  # every device is signed out


async def test_another_address_counts_when_its_link_is_used(
    ada: AsyncClient, mails: list[EmailMessage]
) -> None:
    new = {**ADA, "email": "new@example.com"}
    body = {"new_email": new["email"], "password": ADA["password"]}
    asked = await ada.post("/api/auth/email/change", json=body)
    page, token = await link_in(mails, "Confirm your new")

    before = await ada.post("/api/auth/login", json=new)
    answer = await ada.post("/api/auth/email/change/confirm", json={"token": token})
    after = await ada.post("/api/auth/login", json=new)

    assert (await ada.get(page)).status_code == 200
    assert [asked.status_code, answer.status_code] == [202, 204]
    assert [before.status_code, after.status_code] == [401, 200]


async def test_a_magic_link_signs_in_once(ada: AsyncClient, mails: list[EmailMessage]) -> None:
    await ada.post("/api/auth/magic-link", json={"email": ADA["email"]})
    page, token = await link_in(mails, "Sign in")

    answers = [
        await ada.post("/api/auth/magic-link/login", json={"token": token}) for _ in range(2)
    ]

    assert (await ada.get(page)).status_code == 200
    assert [answer.status_code for answer in answers] == [200, 400]
    assert "access_token" in answers[0].json()
