"""A router that turns requests away without asking each of its routes."""

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from fastauth_kit.core.routing import AuthRouter


def router(*paths: str) -> AuthRouter:
    built = AuthRouter()
    for path in paths:
        built.add_api_route(path, lambda: True, methods=["GET"])
    return built


def client(built: APIRouter, prefix: str = "/auth", root_path: str = "") -> TestClient:
    app = FastAPI()
    app.include_router(built, prefix=prefix)

    @app.get("/{anything:path}", status_code=202)
    async def behind() -> None:
        """What the caller has behind the kit."""

    return TestClient(app, root_path=root_path)


PATHS = ("", "/me", "/sessions", "/sessions/{session_id}", "/{a}/of/{b}", "/files/{name:path}")
ASKED = [
    "",
    "/me",
    "/me/",
    "/you",
    "/sessions/7",
    "/sessions/7/8",
    "/x/of/y",
    "/x/of",
    "/files/a/b",
    "/me%0A",
    "/ME",
]


@pytest.mark.parametrize(("prefix", "root_path"), [("/auth", ""), ("/me", "/api")])
@pytest.mark.parametrize("path", PATHS)
def test_it_answers_what_any_router_would(path: str, prefix: str, root_path: str) -> None:
    usual = APIRouter()
    usual.add_api_route(path, lambda: True, methods=["GET"])
    clients = [client(built, prefix, root_path) for built in (usual, router(path))]

    for asked in ASKED:
        for url in (prefix + asked, root_path + prefix + asked, asked or "/"):
            expected, got = (each.get(url, follow_redirects=False) for each in clients)
            assert expected.status_code == got.status_code, url


def test_a_wrong_method_is_still_told() -> None:
    app = FastAPI()
    app.include_router(router("/me"), prefix="/auth")

    assert TestClient(app).post("/auth/me").status_code == 405


def test_the_routes_are_asked_only_if_the_path_ends_as_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    built = router("/login", "/sessions/{session_id}")
    monkeypatch.setattr(APIRouter, "matches", lambda _, scope: asked.append(scope["path"]))

    for path in ("/posts", "/login/x", "/a/login", "/sessions/7"):
        built.matches({"type": "http", "path": path})

    assert asked == ["/a/login", "/sessions/7"]


def test_a_route_that_comes_late_is_found() -> None:
    built = router("/login")
    behind = client(built)
    assert behind.get("/auth/late").status_code == 202

    built.add_api_route("/late", lambda: True, methods=["GET"])

    assert behind.get("/auth/late").status_code == 200


def test_a_router_within_it_is_asked() -> None:
    inner = APIRouter()
    inner.add_api_route("/deep", lambda: True, methods=["GET"])
    built = router("/login")
    built.include_router(inner, prefix="/inner")

    assert client(built).get("/auth/inner/deep").status_code == 200
