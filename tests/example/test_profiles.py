"""Profiles: made with the account in one transaction, read and changed over HTTP."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event

from tests.example.inside import PASSWORD, Example

ROWS = "SELECT count(*) FROM {}"


async def test_an_account_comes_with_a_profile(inside_app: Example) -> None:
    ada, eve = await inside_app.person(), await inside_app.person("eve")
    client = inside_app.client

    own = await client.get("/api/users/me/profile", headers=ada.headers)
    changed = await client.patch(
        "/api/users/me/profile", json={"bio": "Wrote the first program."}, headers=ada.headers
    )
    seen = await client.get(f"/api/users/{ada.id}/profile", headers=eve.headers)

    assert own.json() == {"user_id": ada.id, "bio": ""}
    assert changed.json() == {"user_id": ada.id, "bio": "Wrote the first program."}
    assert seen.json() == changed.json()


async def test_one_made_by_a_superuser_does_too(inside_app: Example) -> None:
    root = await inside_app.person("root", superuser=True)
    new = {"email": "new@example.com", "password": PASSWORD}

    made = await inside_app.client.post("/api/users", json=new, headers=root.headers)
    profile = await inside_app.client.get(
        f"/api/users/{made.json()['id']}/profile", headers=root.headers
    )

    assert profile.status_code == 200


@pytest.mark.parametrize("moment", ["INSERT INTO profiles", "commit"])
async def test_a_registration_that_fails_leaves_neither(inside_app: Example, moment: str) -> None:
    """After the profile was inserted: at that statement's end, and at the commit."""
    reached: list[str] = []

    def fail_after(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO profiles"):
            reached.append("profile")
            if moment != "commit":
                raise RuntimeError("injected")

    def fail_at_commit(_: Any) -> None:
        reached.append("commit")
        raise RuntimeError("injected")

    engine = inside_app.engine.sync_engine
    body = {"email": "ada@example.com", "password": PASSWORD}
    event.listen(engine, "after_cursor_execute", fail_after)
    if moment == "commit":
        event.listen(engine, "commit", fail_at_commit)
    failed = await inside_app.client.post("/api/auth/register", json=body)
    event.remove(engine, "after_cursor_execute", fail_after)
    if moment == "commit":
        event.remove(engine, "commit", fail_at_commit)

    assert failed.status_code == 500
    assert reached == (["profile", "commit"] if moment == "commit" else ["profile"])
    assert await inside_app.execute(ROWS.format("users")) == [0]
    assert await inside_app.execute(ROWS.format("profiles")) == [0]
    assert (await inside_app.client.post("/api/auth/register", json=body)).status_code == 201


async def test_a_profile_goes_with_its_account(inside_app: Example) -> None:
    ada = await inside_app.person()

    await inside_app.client.request(
        "DELETE", "/api/users/me", json={"password": PASSWORD}, headers=ada.headers
    )

    assert await inside_app.execute(ROWS.format("profiles")) == [0]


async def test_visitors_see_no_profiles(inside_app: Example) -> None:
    ada = await inside_app.person()

    answers = [
        await inside_app.client.get("/api/users/me/profile"),
        await inside_app.client.get(f"/api/users/{ada.id}/profile"),
        await inside_app.client.patch("/api/users/me/profile", json={"bio": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]


async def test_nobody_changes_anothers(inside_app: Example) -> None:
    ada, eve = await inside_app.person(), await inside_app.person("eve")
    change = {"bio": "x", "user_id": ada.id}

    direct = await inside_app.client.patch(
        f"/api/users/{ada.id}/profile", json=change, headers=eve.headers
    )
    smuggled = await inside_app.client.patch(
        "/api/users/me/profile", json=change, headers=eve.headers
    )

    assert direct.status_code == 405
    assert smuggled.json()["user_id"] == eve.id
    assert await inside_app.execute("SELECT bio FROM profiles WHERE bio <> ''") == ["x"]


@pytest.mark.parametrize(
    "change",
    [{"bio": None}, {"bio": "x" * 501}, {"bio": "a\x00"}, {"bio": 7}, {"bio": []}],
    ids=lambda change: repr(change)[:20],
)
async def test_bad_text_is_refused(inside_app: Example, change: dict[str, Any]) -> None:
    ada = await inside_app.person()

    answer = await inside_app.client.patch(
        "/api/users/me/profile", json=change, headers=ada.headers
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert answer.json()["detail"][0]["loc"] == ["body", "bio"]


@pytest.mark.parametrize("content", [b'{"bio": "\\ud800"}', b'{"bio": "\xff"}', b"[", b""])
async def test_what_is_no_proper_json_is_refused(inside_app: Example, content: bytes) -> None:
    ada = await inside_app.person()
    headers = {**ada.headers, "Content-Type": "application/json"}

    answer = await inside_app.client.patch(
        "/api/users/me/profile", content=content, headers=headers
    )

    assert answer.status_code in {400, 422}


async def test_an_empty_patch_changes_nothing(inside_app: Example) -> None:
    ada = await inside_app.person()
    path = "/api/users/me/profile"
    await inside_app.client.patch(path, json={"bio": "Kept"}, headers=ada.headers)

    answer = await inside_app.client.patch(path, json={}, headers=ada.headers)

    assert (answer.status_code, answer.json()["bio"]) == (200, "Kept")


@pytest.mark.parametrize("user_id", ["0", "-1", "x", "2147483648", str(2**63)])
async def test_an_id_that_cannot_be_is_refused(inside_app: Example, user_id: str) -> None:
    ada = await inside_app.person()

    answer = await inside_app.client.get(f"/api/users/{user_id}/profile", headers=ada.headers)

    assert answer.status_code in {404, 422}


async def test_an_id_that_could_be_is_not_found(inside_app: Example) -> None:
    ada = await inside_app.person()

    answer = await inside_app.client.get("/api/users/2147483647/profile", headers=ada.headers)

    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")


async def test_one_who_is_deleted_while_changing_it_breaks_nothing(inside_app: Example) -> None:
    root, ada = await inside_app.person("root", superuser=True), await inside_app.person()
    client, path = inside_app.client, "/api/users/me/profile"

    *changed, deleted = await asyncio.gather(
        *(client.patch(path, json={"bio": f"{n}"}, headers=ada.headers) for n in range(5)),
        client.delete(f"/api/users/{ada.id}", headers=root.headers),
    )

    assert deleted.status_code == 204
    assert {answer.status_code for answer in changed} <= {200, 401, 404, 409, 503}
    assert await inside_app.execute(ROWS.format("profiles")) == [1]
