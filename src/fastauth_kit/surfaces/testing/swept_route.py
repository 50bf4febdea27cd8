"""The routes of an app that are its own, each as a request that can be made."""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Host, Mount, WebSocketRoute

from fastauth_kit.surfaces.testing.path_values import annotations_of, value_for, value_in_path

_OTHERS = ("fastauth_kit", "fastapi")
"""Whose endpoints are no concern of the app's author: the kit's and the documentation's."""

_ALONGSIDE = frozenset({"HEAD", "OPTIONS"})
"""Methods that Starlette adds to a GET."""


@dataclass(frozen=True, slots=True)
class SweptRoute:
    """One route of an app."""

    method: str
    """Such as ``GET``; ``WEBSOCKET`` for one."""
    path: str
    """As it was declared, with ``{parameters}``."""
    url: str
    """The path with a value of the right type for each parameter."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def is_named_by(self, text: str) -> bool:
        """Whether ``/path`` or ``GET /path`` means this one."""
        return text in {self.path, str(self)}


def own_routes(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[SweptRoute]:
    """Yield the routes of an app and of what is mounted in it, but for the kit's."""
    for context in iter_route_contexts(routes):
        route = context.original_route
        if isinstance(route, Mount | Host):
            below = prefix + (route.path if isinstance(route, Mount) else "")
            if route.routes:
                yield from own_routes(route.routes, below)
            else:  # files, or an app of some other kind: nothing says what it serves
                yield SweptRoute("GET", f"{below}/", f"{below}/")
        elif not _is_others(context.endpoint):
            yield from _requests(context, prefix)


def _is_others(endpoint: Any) -> bool:
    module = getattr(inspect.unwrap(endpoint), "__module__", None) if endpoint else None
    return str(module).partition(".")[0] in _OTHERS


def _requests(context: RouteContext, prefix: str) -> Iterator[SweptRoute]:
    path = prefix + (context.path or "/")
    url = prefix + _filled(context)
    if isinstance(context.original_route, WebSocketRoute):
        yield SweptRoute("WEBSOCKET", path, url)
        return
    methods = set(context.methods or {"GET"})
    for method in sorted(methods - _ALONGSIDE or methods):
        yield SweptRoute(method, path, url)


def _filled(context: RouteContext) -> str:
    """Return the path with a value in place of each parameter."""
    url = context.path_format or context.path or "/"
    route: Any = context
    convertors = getattr(context.original_route, "param_convertors", {})
    values = {name: value_in_path(convertor) for name, convertor in convertors.items()}
    dependant = getattr(context.original_route, "dependant", None)
    if dependant is not None:
        # the effective one knows what the including routers depend on, too
        typed = dict(annotations_of(route.dependant))
        values |= {name: value_for(kind) for name, kind in typed.items() if values.get(name) == "x"}
        values |= {name: value_for(kind) for name, kind in typed.items() if name not in values}
    for name, value in values.items():
        url = url.replace(f"{{{name}}}", value)
    return url
