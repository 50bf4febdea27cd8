"""Asks every route of an app whether it lets in who should stay out."""

from collections.abc import Collection, Sequence

from fastapi import FastAPI
from starlette.testclient import TestClient

from fastauth_kit.surfaces.testing.async_clients import AuthAsyncClient
from fastauth_kit.surfaces.testing.clients import AuthTestClient
from fastauth_kit.surfaces.testing.probe import Headers, answer_of
from fastauth_kit.surfaces.testing.swept_route import SweptRoute, own_routes


def login_required_routes(app: FastAPI, *, except_: Collection[str] = ()) -> list[SweptRoute]:
    """Return the routes of an app, but for the kit's and those that are open on purpose.

    For ``pytest.mark.parametrize``; give each to ``assert_requires_login(app, routes=[route])``.

    Args:
        except_: Such as ``"/health"``, or ``"GET /posts"`` for one method.

    Raises:
        AssertionError: ``except_`` names a route that does not exist, or none is left.
    """
    routes = list(dict.fromkeys(own_routes(app.routes)))
    unknown = [text for text in except_ if not any(route.is_named_by(text) for route in routes)]
    if unknown:
        raise AssertionError(f"except_ names what is no route of the app: {', '.join(unknown)}")
    left = [route for route in routes if not any(map(route.is_named_by, except_))]
    if not left:
        raise AssertionError(
            "there is no route to ask: the app has none of its own, or all excepted"
        )
    return left


def assert_requires_login(
    app: FastAPI,
    *,
    except_: Collection[str] = (),
    routes: Sequence[SweptRoute] | None = None,
) -> None:
    """Ask every route without a credential; each must answer 401, a WebSocket 403.

    The kit's own routes and the documentation are left out.

    Args:
        except_: Open on purpose: ``"/health"``, or ``"GET /posts"`` for one method.
        routes: These instead; see ``login_required_routes``.

    Raises:
        AssertionError: Some answered otherwise; the message lists them.
    """
    asked = login_required_routes(app, except_=except_) if routes is None else routes
    with TestClient(app) as client:
        assert client.portal is not None  # noqa: S101  # it is there within the block
        client.portal.call(_sweep, app, asked, (), "401")


async def async_assert_requires_login(
    app: FastAPI,
    *,
    except_: Collection[str] = (),
    routes: Sequence[SweptRoute] | None = None,
) -> None:
    """Do the same in a test that awaits; the app's lifespan is not started."""
    asked = login_required_routes(app, except_=except_) if routes is None else routes
    await _sweep(app, asked, (), "401")


def assert_requires_superuser(
    client: AuthTestClient, *, under: str = "/", except_: Collection[str] = ()
) -> None:
    """Ask every route under a path as an ordinary user; each must answer 403.

    Args:
        client: Signed in as somebody who is no superuser:
            ``auth_client(make_user())``.
        under: Where the administrators' routes begin, such as ``/admin``.
        except_: As in ``assert_requires_login``.

    Raises:
        AssertionError: Some answered otherwise; the message lists them.
    """
    app = client.app
    assert isinstance(app, FastAPI)  # noqa: S101  # as auth_client made it; for the types
    portal = client.portal
    assert portal is not None  # noqa: S101  # as above
    headers = client.build_request("GET", "/").headers.raw
    portal.call(_sweep, app, _under(app, under, except_), headers, "403")


async def async_assert_requires_superuser(
    client: AuthAsyncClient, *, under: str = "/", except_: Collection[str] = ()
) -> None:
    """Do the same in a test that awaits."""
    headers = client.build_request("GET", "/").headers.raw
    await _sweep(client.app, _under(client.app, under, except_), headers, "403")


def _under(app: FastAPI, under: str, except_: Collection[str]) -> list[SweptRoute]:
    beginning = under.rstrip("/")
    found = [
        route
        for route in login_required_routes(app, except_=except_)
        if route.path == beginning or route.path.startswith(f"{beginning}/")
    ]
    if not found:
        raise AssertionError(f"there is no route under {under}")
    return found


async def _sweep(app: FastAPI, routes: Sequence[SweptRoute], headers: Headers, status: str) -> None:
    sent = [(name.lower(), value) for name, value in headers if name.lower() != b"host"]
    wrong: list[str] = []
    for route in routes:
        # who refuses a socket has no other way than 403
        expected = "403" if route.method == "WEBSOCKET" else status
        answer = await answer_of(app, route, sent)
        if answer != expected:
            wrong.append(f"  {route}: {answer}")
    if wrong:
        whom = "a credential" if status == "401" else "being a superuser"
        raise AssertionError(
            f"these routes do not answer {status} to who comes without {whom}:\n" + "\n".join(wrong)
        )
