"""Whoever reads the database, the log or a refusal learns nothing that works."""

import json
import logging
import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from hashlib import md5, sha1, sha256
from typing import Any

import httpx2
import pytest
from sqlalchemy import inspect, text

from tests.kit_app import SECRET, KitApp, bearer
from tests.mailing import every_feature, mailed_token

LIKE_A_TOKEN = re.compile(r"[A-Za-z0-9_.~+/=-]{20,}")
"""Any text this long without a space may be one; a UUID or a time is not."""

NO_SECRET = re.compile(
    r"\d{4}-\d\d-\d\dT[0-9:.+Z-]*"  # a time
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # an id; presenting it opens nothing
)

OPEN_FIELDS = frozenset({"email", "user_agent", "code", "detail", "type"})
"""What its owner wrote or sent openly, and the words of a refusal."""

SENT_SECRETS = frozenset({"password", "current_password", "new_password", "refresh_token", "token"})


def is_open(text: str) -> bool:
    """Whether a text is no secret although it looks like one."""
    return NO_SECRET.fullmatch(text) is not None


class Recorder:
    """A client that collects every secret that passes through it, by itself."""

    def __init__(self, kit_app: KitApp, client: httpx2.AsyncClient) -> None:
        self.kit_app = kit_app
        self.client = client
        self.secrets: set[str] = set()
        self.refusals: list[str] = []

    async def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        sent = {**options.get("json", {}), **options.get("data", {})}
        for field, value in (sent or json.loads(options.get("content", "{}"))).items():
            if field in SENT_SECRETS:
                # of a list or of broken text, what would be repeated of it
                shown = "".join(value) if isinstance(value, list) else str(value)
                self.secrets.add(shown.partition(" \ud800")[0])
        answer = await self.client.request(method, f"/api{path}", **options)
        self.secrets.update(answer.cookies.values())
        if answer.content:
            self._collect(answer.json())
        if answer.status_code >= 400:
            self.refusals.append(f"{answer.headers} {answer.text}")
        return answer

    def _collect(self, value: Any) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                if name not in OPEN_FIELDS:
                    self._collect(item)
        elif isinstance(value, list):
            for item in value:
                self._collect(item)
        elif isinstance(value, str) and LIKE_A_TOKEN.search(value) and not is_open(value):
            self.secrets.add(value)


def forms_of(secret: str) -> Iterator[str]:
    """Yield a secret, the parts of it that would do, and what is no better than it.

    A digest of a random token is fine to store, unless it is all that is asked
    for; a fast digest of a password is not. None of ours is stored as either.
    """
    raw = secret.encode()
    # the last part of a refresh token is its MAC, of an access token its signature
    parts = [secret, *(part for part in secret.split(".")[-1:] if len(part) >= 20)]
    for part in parts:
        yield part
        yield part.encode().hex()
        yield b64encode(part.encode()).decode().rstrip("=")
        yield urlsafe_b64encode(part.encode()).decode().rstrip("=")
    if len(parts) > 1 and re.fullmatch(r"[A-Za-z0-9_-]{43}", parts[1]):
        yield urlsafe_b64decode(parts[1] + "=").hex()
    for digest in (md5, sha1, sha256):
        yield digest(raw).hexdigest()  # type: ignore[operator]  # hashlib's own constructors


async def dump(kit_app: KitApp) -> str:
    """Return every column of every table, as text, and bytes also in hexadecimal."""
    shown: list[str] = []
    async with kit_app.engine.connect() as connection:
        tables = await connection.run_sync(lambda c: inspect(c).get_table_names())
        for table in tables:
            # the server's own idea of the values: no type of ours in between
            for row in await connection.execute(text(f"SELECT * FROM {table}")):
                for value in row:
                    if isinstance(value, bytes):
                        shown += [value.decode("latin-1"), value.hex()]
                    else:
                        shown.append(str(value))
    return "\n".join(shown)


async def play(recorder: Recorder) -> None:
    """Go through every flow, the right way and the wrong ways."""
    send = recorder.send
    ada = {"email": "ada@example.com", "password": "wholly unlikely phrase 1"}
    eve = {"email": "eve@example.com", "password": "wholly unlikely phrase 2"}
    for body in (ada, eve, ada):
        await send("POST", "/auth/register", json=body)
    await send("POST", "/auth/register", json={"email": "x@example.com", "password": "sh0rt"})
    await send(
        "POST", "/auth/register", json={"email": "no address", "password": "phrase 14 of it"}
    )
    await send("POST", "/auth/register", json={"password": "wholly unlikely phrase 3"})

    first = (await send("POST", "/auth/login", json=ada)).json()
    form = {"username": ada["email"], "password": ada["password"]}
    second = (await send("POST", "/auth/login", data=form)).json()
    other = (await send("POST", "/auth/login", json=eve)).json()
    await send("POST", "/auth/login", json=ada | {"password": "wholly wrong phrase 4"})
    # as JSON has it, because no client would send it otherwise
    surrogate = json.dumps(ada | {"password": LONE_SURROGATE})
    await send("POST", "/auth/login", content=surrogate, headers=JSON)
    await send("POST", "/auth/login", json=ada | {"password": ["wholly listed phrase 6"]})
    await send("POST", "/auth/login", data=form | {"grant_type": "client_credentials"})

    me = bearer(first)
    await send("GET", "/users/me", headers=me)
    await send("PATCH", "/users/me", headers=me, json={"name": "Ada"})
    await send("GET", "/auth/sessions", headers=me)
    await send("GET", "/users/me", headers=bearer({"access_token": first["access_token"] + "x"}))
    await send("GET", "/users/me", headers={"Authorization": "Bearer " + first["refresh_token"]})

    latest = (await send("POST", "/auth/refresh", json=refresh_of(first))).json()
    again = (await send("POST", "/auth/refresh", data=refresh_of(first))).json()
    assert again["refresh_token"] == latest["refresh_token"]
    await send("POST", "/auth/refresh", json={"refresh_token": first["access_token"]})
    await send("POST", "/auth/refresh", json={"refresh_token": latest["refresh_token"][:-1]})

    await send("POST", "/auth/password/confirm", headers=me, json={"password": ada["password"]})
    await send("POST", "/auth/password/confirm", headers=me, json={"password": "wrong phrase 9"})
    change = {"current_password": ada["password"], "new_password": "wholly unlikely phrase 7"}
    wrong = change | {"current_password": "wholly wrong phrase 8"}
    await send("POST", "/auth/password/change", headers=me, json=wrong)
    await send(
        "POST", "/auth/password/change", headers=me, json=change | {"new_password": "sh0rt2"}
    )
    await send("POST", "/auth/password/change", headers=me, json=change)
    await send("POST", "/auth/refresh", json=refresh_of(second))
    await send("POST", "/auth/logout", json=refresh_of(second))
    await send("DELETE", "/auth/sessions", headers=me)
    await send("POST", "/auth/logout", headers=bearer(latest))
    await send("DELETE", "/users/me", headers=bearer(other), json={"password": "wholly wrong 9"})

    root = (await send("POST", "/auth/login", json=ROOT)).json()
    made = {"email": "bob@example.com", "password": "wholly unlikely phrase 10"}
    await send("POST", "/users", headers=bearer(root), json=made)
    await send("POST", "/users", headers=bearer(root), json=made)
    await send("GET", "/users", headers=bearer(root))
    await send("GET", "/users?cursor=&limit=1", headers=bearer(root))
    await send("POST", "/auth/login", json=made)
    await play_with_cookies(recorder, ROOT)
    await play_with_mail(recorder, made)


async def play_with_cookies(recorder: Recorder, root: dict[str, str]) -> None:
    """Sign in with cookies, and use them the right way and the wrong ways."""
    send = recorder.send
    own, foreign = {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}
    for _ in range(2):
        asked = {**own, "X-Auth-Transport": "cookie"}
        assert (await send("POST", "/auth/login", json=root, headers=asked)).status_code == 200
        await send("POST", "/auth/refresh", headers=foreign)
        assert (await send("POST", "/auth/refresh", headers=own)).status_code == 200
        await send("POST", "/auth/logout", headers=foreign)
        csrf = {"X-CSRF-Token": recorder.client.cookies["__Host-csrf"]}
        await send("POST", "/auth/logout", headers={"X-CSRF-Token": csrf["X-CSRF-Token"][:-1]})
        assert (await send("POST", "/auth/logout", headers=csrf)).status_code == 204
        recorder.client.cookies.clear()


async def play_with_mail(recorder: Recorder, made: dict[str, str]) -> None:
    """Go through the flows that send links."""
    send, to = recorder.send, made["email"]
    await send("POST", "/auth/password/forgot", json={"email": to})
    token = await mailed_token(recorder.kit_app, to)
    body = {"token": token, "new_password": "wholly unlikely phrase 11"}
    await send("POST", "/auth/password/reset", json=body | {"token": token[:-1] + "B"})
    await send("POST", "/auth/password/reset", json=body | {"token": token + "x"})
    await send("POST", "/auth/password/reset", json=body | {"new_password": "sh0rt3"})
    await send("POST", "/auth/password/reset", json=body)
    await send("POST", "/auth/password/reset", json=body)
    for address in ("ada@example.com", "eve@example.com"):  # those of the registrations
        token = await mailed_token(recorder.kit_app, address)
        await send("POST", "/auth/email/verify", json={"token": token[:-1] + "B"})
        await send("POST", "/auth/email/verify", json={"token": token})
    await _change_an_address(recorder)
    # some that are never used
    await send("POST", "/auth/magic-link", json={"email": to})
    await send(
        "POST", "/auth/magic-link/login", json={"token": await mailed_token(recorder.kit_app, to)}
    )
    for path in ("/auth/password/forgot", "/auth/email/verify/request", "/auth/magic-link"):
        await send("POST", path, json={"email": to})
        recorder.secrets.add(await mailed_token(recorder.kit_app, to))


async def _change_an_address(recorder: Recorder) -> None:
    """From one mailbox to the next; the way back is used wrongly, and stays open."""
    send, to = recorder.send, "eve@new.example"
    eve = {"email": "eve@example.com", "password": "wholly unlikely phrase 2"}
    me = bearer((await send("POST", "/auth/login", json=eve)).json())
    body = {"new_email": to, "password": eve["password"]}
    wrong = body | {"password": "wholly wrong phrase 12"}
    await send("POST", "/auth/email/change", headers=me, json=wrong)
    await send("POST", "/auth/email/change", headers=me, json=body)
    token = await mailed_token(recorder.kit_app, to)
    for presented in (token[:-1] + "B", token):
        await send("POST", "/auth/email/change/confirm", json={"token": presented})
    token = await mailed_token(recorder.kit_app, eve["email"])
    undo = {"token": token, "new_password": "sh0rt4"}
    await send("POST", "/auth/email/change/undo", json=undo)
    await send("POST", "/auth/email/change/undo", json=undo | {"token": token[:-1] + "B"})


JSON = {"Content-Type": "application/json"}
LONE_SURROGATE = "wholly broken phrase 5 \ud800"

ROOT = {"email": "root@example.com", "password": "wholly unlikely phrase 0"}


def refresh_of(tokens: dict[str, Any]) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=every_feature())


@pytest.fixture
async def recorder(kit_app: KitApp, caplog: pytest.LogCaptureFixture) -> Any:
    """What a recorder has seen of every flow, with the whole log at DEBUG."""
    # SQLAlchemy's echo would show parameters: whoever switches it on knows
    for name in ("sqlalchemy", "aiosqlite"):
        caplog.set_level(logging.WARNING, logger=name)
    caplog.set_level(logging.DEBUG)
    await kit_app.add_user(is_superuser=True, **ROOT)
    async with kit_app.client() as client:
        found = Recorder(kit_app, client)
        await play(found)
    return found


async def test_the_recorder_has_seen_tokens_and_passwords(recorder: Recorder) -> None:
    """Else the tests below would look for nothing."""
    kinds = {
        "passwords": [s for s in recorder.secrets if " phrase " in s],
        "access tokens": [s for s in recorder.secrets if s.startswith("eyJ")],
        "tokens of links": [s for s in recorder.secrets if re.match(r"[a-z]{2}\.\w{32}\.", s)],
        "CSRF tokens": [s for s in recorder.secrets if re.match(r"[0-9a-f]{12}\.\S{43}$", s)],
        "refresh tokens": [s for s in recorder.secrets if re.match(r"rt\.[0-9a-f]{32}\.\d", s)],
    }

    least = {"CSRF tokens": 2}  # each is of one session
    assert {kind: len(seen) >= least.get(kind, 5) for kind, seen in kinds.items()} == dict.fromkeys(
        kinds, True
    )
    assert len(recorder.refusals) >= 15


async def test_no_table_holds_a_usable_secret(kit_app: KitApp, recorder: Recorder) -> None:
    shown = (await dump(kit_app)).lower()

    assert "ada@example.com" in shown
    # without case, because hexadecimal may be written in either
    assert [s for s in recorder.secrets for form in forms_of(s) if form.lower() in shown] == []


async def test_no_table_holds_the_key(kit_app: KitApp, recorder: Recorder) -> None:
    shown = (await dump(kit_app)).lower()
    keys = kit_app.auth.keys
    purposes = ("refresh-token", "access-token", "users-cursor", "login-challenge")
    derived = [keys.current(purpose).value for purpose in purposes]

    forms = [
        form for key in (SECRET.encode(), *derived) for form in (key.hex(), b64encode(key).decode())
    ]

    assert [form for form in [SECRET, *forms] if form.lower() in shown] == []


async def test_no_log_record_holds_a_secret(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    logged = "\n".join(
        f"{record.getMessage()} {record.args} {record.exc_text} {vars(record)}"
        for record in caplog.get_records("setup") + caplog.records
    )

    assert [s for s in recorder.secrets if s in logged] == []


async def test_no_refusal_repeats_a_secret(recorder: Recorder) -> None:
    refused = "\n".join(recorder.refusals)

    assert [s for s in recorder.secrets if s in refused] == []


async def test_what_is_shown_of_an_object_holds_no_secret(
    kit_app: KitApp, recorder: Recorder
) -> None:
    """A traceback, or a log line of the caller's, may show any of them."""
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        shown = f"{kit_app.auth!r} {kit_app.auth.settings!r} {work!r} {kit_app.auth.keys!r}"

    assert SECRET not in shown


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_the_search_would_find_a_token_that_is_stored(
    make_app: Callable[..., KitApp],
) -> None:
    """One hidden in a column of the caller's, in another encoding."""
    kit_app = make_app()
    await kit_app.add_user()
    tokens = await kit_app.sign_in()
    mac = tokens["refresh_token"].rpartition(".")[2]
    async with kit_app.engine.begin() as connection:
        hidden = {"name": mac.encode().hex()}
        await connection.execute(text("UPDATE int_users SET name = :name"), hidden)

    shown = (await dump(kit_app)).lower()

    assert any(form.lower() in shown for form in forms_of(tokens["refresh_token"]))
