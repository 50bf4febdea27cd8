"""Posts, over HTTP, on each database."""

import asyncio
from typing import Annotated, Any

import httpx2
import pytest
from pydantic import TypeAdapter, ValidationError

from tests.example import inside
from tests.example.inside import Example

LONGEST_BODY = "\U0001f600" * 16_000


async def test_a_post_is_written_read_changed_and_deleted(inside_app: Example) -> None:
    ada, client = await inside_app.person(), inside_app.client

    written = await client.post(
        "/api/posts", json={"title": "  Hello ", "body": "World"}, headers=ada.headers
    )
    post = written.json()
    path = f"/api/posts/{post['id']}"
    changed = await client.patch(path, json={"title": "Hi"}, headers=ada.headers)
    read = await client.get(path)
    deleted = await client.delete(path, headers=ada.headers)
    gone = await client.get(path)

    assert written.status_code == 201
    assert (post["title"], post["body"]) == ("Hello", "World")
    assert post["author"] == {"id": ada.id, "name": "ada"}
    assert read.json() == changed.json() == {
        **post, "title": "Hi", "updated_at": changed.json()["updated_at"]
    }  # fmt: skip
    assert changed.json()["updated_at"] > post["updated_at"] >= post["created_at"]
    assert (deleted.status_code, gone.status_code) == (204, 404)
    assert gone.json()["code"] == "post_not_found"


async def test_a_post_names_no_address(inside_app: Example) -> None:
    ada, client = await inside_app.person(), inside_app.client
    post = await inside_app.write(ada)

    answers = [await client.get("/api/posts"), await client.get(f"/api/posts/{post['id']}")]

    assert not any("@" in answer.text for answer in answers)


async def test_times_say_that_they_are_utc(inside_app: Example) -> None:
    post = await inside_app.write(await inside_app.person())

    assert post["created_at"].endswith(("Z", "+00:00"))
    assert post["updated_at"].endswith(("Z", "+00:00"))


async def test_a_change_of_nothing_changes_nothing(inside_app: Example) -> None:
    ada = await inside_app.person()
    post = await inside_app.write(ada, "Hello", "World")

    answer = await inside_app.client.patch(f"/api/posts/{post['id']}", json={}, headers=ada.headers)

    assert (answer.status_code, answer.json()) == (200, post)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_somebody_elses_post_is_left_alone(inside_app: Example, method: str) -> None:
    ada, eve = await inside_app.person(), await inside_app.person("eve")
    post = await inside_app.write(ada)
    path, body = f"/api/posts/{post['id']}", {"title": "Mine"}

    as_eve = await inside_app.client.request(method, path, json=body, headers=eve.headers)
    as_nobody = await inside_app.client.request(method, path, json=body)

    assert (as_eve.status_code, as_eve.json()["code"]) == (403, "not_the_author")
    assert (as_nobody.status_code, as_nobody.json()["code"]) == (401, "not_authenticated")
    assert (await inside_app.client.get(path)).json() == post


async def test_a_superuser_may_change_and_delete_it(inside_app: Example) -> None:
    ada, root = await inside_app.person(), await inside_app.person("root", superuser=True)
    path = f"/api/posts/{(await inside_app.write(ada))['id']}"

    changed = await inside_app.client.patch(path, json={"body": "Rules"}, headers=root.headers)
    deleted = await inside_app.client.delete(path, headers=root.headers)

    assert (changed.json()["body"], changed.json()["author"]["id"]) == ("Rules", ada.id)
    assert deleted.status_code == 204


async def test_nobody_writes_in_anothers_name(inside_app: Example) -> None:
    ada, eve = await inside_app.person(), await inside_app.person("eve")
    new = {"title": "Mine", "author_id": ada.id, "author": {"id": ada.id}, "id": 7}

    written = await inside_app.client.post("/api/posts", json=new, headers=eve.headers)

    assert written.json()["author"]["id"] == eve.id


@pytest.mark.parametrize(
    "change",
    [
        {"title": None},
        {"body": None},
        {"title": ""},
        {"title": " \t\n"},
        {"title": "x" * 201},
        {"title": "a\x00b"},
        {"body": "\x00"},
        {"title": 7},
        {"title": ["x"]},
        {"body": {"a": 1}},
        {"body": LONGEST_BODY + "x"},
    ],
    ids=lambda change: repr(change)[:30],
)
async def test_bad_text_is_refused_in_new_posts_and_old(
    inside_app: Example, change: dict[str, Any]
) -> None:
    ada = await inside_app.person()
    post = await inside_app.write(ada)
    path = f"/api/posts/{post['id']}"

    written = await inside_app.client.post(
        "/api/posts", json={"title": "Hello", **change}, headers=ada.headers
    )
    changed = await inside_app.client.patch(path, json=change, headers=ada.headers)

    for answer in (written, changed):
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
        assert answer.json()["detail"][0]["loc"] == ["body", *change]
    assert (await inside_app.client.get(path)).json() == post


@pytest.mark.parametrize(
    "content",
    [
        b'{"title": "\\ud800"}',
        b'{"title": "Hello", "body": "\\udfff x"}',
        b'{"title": "\xff"}',
        b'{"title": "Hello"',
        b'{"title": NaN}',
        b'{"title": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b"[]",
        b"null",
        b"",
    ],
    ids=lambda content: repr(content)[:30],
)
async def test_what_is_no_proper_json_is_refused(inside_app: Example, content: bytes) -> None:
    ada = await inside_app.person()
    headers = {**ada.headers, "Content-Type": "application/json"}

    answer = await inside_app.client.post("/api/posts", content=content, headers=headers)

    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_longest_post_is_kept_as_it_was_sent(inside_app: Example) -> None:
    ada = await inside_app.person()

    post = await inside_app.write(ada, "\U0001f600" * 200, LONGEST_BODY)

    assert post["body"] == LONGEST_BODY
    assert (await inside_app.client.get(f"/api/posts/{post['id']}")).json() == post


@pytest.mark.usefixtures("example_modules")
@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "a\udfff"])
def test_text_that_no_database_takes_is_refused_without_any_other_rule(text: str) -> None:
    storable: Any = Annotated[str, inside.module("schemas.text").STORABLE]

    with pytest.raises(ValidationError, match=r"without NUL|unicode"):
        TypeAdapter(storable).validate_python(text)


@pytest.mark.parametrize("declares", [True, False], ids=["declared", "in chunks"])
async def test_a_megabyte_is_refused_before_it_is_read(inside_app: Example, declares: bool) -> None:
    ada = await inside_app.person()
    headers = {**ada.headers, "Content-Type": "application/json"}
    taken = 0

    async def chunks() -> Any:
        nonlocal taken
        for _ in range(64):
            taken += 1
            yield b" " * 16_384

    content = b" " * 2**20 if declares else chunks()
    answer = await inside_app.client.post("/api/posts", content=content, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert taken <= 17


IMPOSSIBLE = ("0", "-1", "x", "1.5", "%00", "2147483648", str(2**63), "9" * 5000)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_id_that_cannot_be_is_refused(inside_app: Example, method: str) -> None:
    ada = await inside_app.person()

    for post_id in IMPOSSIBLE:
        answer = await inside_app.client.request(
            method, f"/api/posts/{post_id}", json={"title": "x"}, headers=ada.headers
        )
        assert answer.status_code in {404, 422}, post_id


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_id_that_could_be_is_not_found(inside_app: Example, method: str) -> None:
    ada = await inside_app.person()

    answer = await inside_app.client.request(
        method, "/api/posts/2147483647", json={"title": "x"}, headers=ada.headers
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "post_not_found")


async def test_pages_hold_the_newest_first(inside_app: Example) -> None:
    ada, client = await inside_app.person(), inside_app.client
    empty = (await client.get("/api/posts")).json()
    ids = [(await inside_app.write(ada, f"No. {number}"))["id"] for number in range(5)]

    pages = [
        (await client.get("/api/posts", params={"page": page, "per_page": 2})).json()
        for page in (1, 2, 3, 4, 100_000)
    ]

    assert empty == {"items": [], "total": 0, "page": 1, "pages": 0}
    assert [post["id"] for page in pages for post in page["items"]] == ids[::-1]
    assert [(page["total"], page["pages"]) for page in pages] == [(5, 3)] * 5


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", f"page={2**63}", "page=x", "per_page=0", "per_page=101", "page="]
)
async def test_a_page_that_cannot_be_is_refused(inside_app: Example, query: str) -> None:
    answer = await inside_app.client.get(f"/api/posts?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


async def test_a_page_takes_two_statements_however_many_authors(inside_app: Example) -> None:
    for name in ("ada", "bob", "eve"):
        person = await inside_app.person(name)
        for number in range(3):
            await inside_app.write(person, f"No. {number}")

    inside_app.statements.clear()
    answer = await inside_app.client.get("/api/posts")

    assert {post["author"]["name"] for post in answer.json()["items"]} == {"ada", "bob", "eve"}
    assert len(inside_app.statements) == 2


async def test_writing_takes_no_more_than_user_and_post(inside_app: Example) -> None:
    ada = await inside_app.person()

    inside_app.statements.clear()
    post = await inside_app.write(ada)
    written = [statement.split()[0] for statement in inside_app.statements]
    inside_app.statements.clear()
    await inside_app.client.get(f"/api/posts/{post['id']}")
    read = list(inside_app.statements)

    assert written == ["SELECT", "INSERT"]
    assert len(read) == 1


async def test_of_two_who_delete_it_neither_breaks(inside_app: Example) -> None:
    ada = await inside_app.person()
    post = await inside_app.write(ada)

    async def delete(_: int) -> httpx2.Response:
        return await inside_app.client.delete(f"/api/posts/{post['id']}", headers=ada.headers)

    answers = await asyncio.gather(*map(delete, range(5)))

    statuses = {answer.status_code for answer in answers}
    assert 204 in statuses
    # 503: MariaDB lets one of two who meet at a row begin again
    assert statuses <= {204, 404, 503}
    assert await inside_app.execute("SELECT count(*) FROM posts") == [0]


async def test_who_changes_what_another_deletes_is_told_so(inside_app: Example) -> None:
    ada, client = await inside_app.person(), inside_app.client
    for _ in range(5):
        path = f"/api/posts/{(await inside_app.write(ada))['id']}"

        changed, deleted = await asyncio.gather(
            client.patch(path, json={"title": "Late"}, headers=ada.headers),
            client.delete(path, headers=ada.headers),
        )

        assert changed.status_code in {200, 404, 409, 503}
        assert deleted.status_code in {204, 503}


async def test_posts_go_with_their_author(inside_app: Example) -> None:
    ada, eve = await inside_app.person(), await inside_app.person("eve")
    await inside_app.write(ada)
    kept = await inside_app.write(eve)

    closed = await inside_app.client.request(
        "DELETE", "/api/users/me", json={"password": "correct horse battery"}, headers=ada.headers
    )

    assert closed.status_code == 204
    posts = (await inside_app.client.get("/api/posts")).json()["items"]
    assert [post["id"] for post in posts] == [kept["id"]]


async def test_an_author_who_is_deleted_while_writing_leaves_nothing(inside_app: Example) -> None:
    root = await inside_app.person("root", superuser=True)
    ada = await inside_app.person()

    async def write(_: int) -> httpx2.Response:
        new = {"title": "Last words"}
        return await inside_app.client.post("/api/posts", json=new, headers=ada.headers)

    deleting = inside_app.client.delete(f"/api/users/{ada.id}", headers=root.headers)
    *written, deleted = await asyncio.gather(*map(write, range(8)), deleting)

    assert deleted.status_code == 204
    # 409: the author was gone when the post came
    assert {answer.status_code for answer in written} <= {201, 401, 409, 503}
    assert await inside_app.execute("SELECT count(*) FROM posts") == [0]
    assert (await write(0)).status_code == 401
