"""What the example says about itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.example.server import SECRET, free_port, running

PAGES = ["/docs", "/redoc", "/openapi.json", "/docs/static/swagger-ui-bundle.js"]


@contextmanager
def _example(folder: Path, **settings: str) -> Iterator[httpx2.Client]:
    """A client of the app, with settings of a test's own."""
    port = free_port()
    needed = {"DATABASE_URL": f"sqlite+aiosqlite:///{folder}/app.db", "SECRET_KEY": SECRET}
    command = ["-m", "uvicorn", "app.main:app", "--port", str(port)]
    with (
        running(command, needed | settings, ready="startup complete"),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A client of the app."""
    with _example(tmp_path_factory.mktemp("example"), APP_NAME="Notes & posts") as client:
        yield client


@pytest.fixture(scope="module")
def schema(client: httpx2.Client) -> dict[str, Any]:
    """The OpenAPI document."""
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


def _operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in schema["paths"].values() for operation in path.values()]


def test_it_has_a_title_a_version_and_a_description(schema: dict[str, Any]) -> None:
    info = schema["info"]

    assert info["title"] == "Notes & posts"
    assert info["version"] == "1.0.0"
    assert "Authorize" in info["description"]


def test_every_group_is_described_and_in_the_order_of_the_paths(schema: dict[str, Any]) -> None:
    used = [tag for operation in _operations(schema) for tag in operation["tags"]]

    assert [tag["name"] for tag in schema["tags"]] == list(dict.fromkeys(used))
    assert all(tag["description"] for tag in schema["tags"])


def test_operation_ids_are_short_and_unique(schema: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in _operations(schema)]

    assert len(set(names)) == len(names)
    assert {"login", "read_me", "list_posts", "write_post"} <= set(names)
    assert not [name for name in names if "api" in name]


def test_every_refusal_is_a_problem(schema: dict[str, Any]) -> None:
    refusals = [
        answer
        for operation in _operations(schema)
        for status, answer in operation["responses"].items()
        if status.startswith("4")
    ]

    assert refusals
    assert {media for answer in refusals for media in answer["content"]} == {
        "application/problem+json"
    }


def test_what_wants_an_account_says_so(schema: dict[str, Any]) -> None:
    for operation in _operations(schema):
        assert not operation.get("security") or "401" in operation["responses"]


@pytest.mark.parametrize("name", ["list_posts", "read_post", "write_post", "delete_post"])
def test_what_is_promised_is_answered(
    client: httpx2.Client, schema: dict[str, Any], name: str
) -> None:
    """What the description promises as 401 or 404 is what the app answers."""
    path, method, operation = next(
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] == name
    )
    answer = client.request(method, path.replace("{post_id}", "2147483647"), json={"title": "x"})
    promised = operation["responses"].get(str(answer.status_code))

    assert promised is not None
    if answer.status_code == 404:
        shown = promised["content"]["application/problem+json"]["example"]
        assert answer.json() == shown


def test_the_pages_bring_their_own_files(client: httpx2.Client) -> None:
    answers = [client.get(path) for path in PAGES]

    assert [answer.status_code for answer in answers] == [200] * len(PAGES)
    for answer in answers[:2]:
        policy = answer.headers["Content-Security-Policy"]
        (scripts,) = [part for part in policy.split("; ") if part.startswith("script-src")]
        assert "unsafe" not in scripts
        assert "//" not in scripts
        assert "cdn." not in answer.text


def test_documentation_can_be_off(tmp_path: Path) -> None:
    with _example(tmp_path, DOCS="false") as client:
        answers = [client.get(path) for path in PAGES]

    assert [answer.status_code for answer in answers] == [404] * len(PAGES)


def test_the_examples_of_bodies_are_accepted(client: httpx2.Client, schema: dict[str, Any]) -> None:
    models = schema["components"]["schemas"]
    (account,), (post,) = models["UserCreate"]["examples"], models["PostCreate"]["examples"]

    registered = client.post("/api/auth/register", json=account)
    tokens = client.post("/api/auth/login", json=account).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    written = client.post("/api/posts", json=post, headers=headers)

    assert (registered.status_code, written.status_code) == (201, 201)
