"""Which routes a router has, who may call them, and what OpenAPI says of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from fastapi.params import Depends
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute
from pydantic import BaseModel

from fastauth_kit.core.errors import (
    AmbiguousCredentials,
    AuthError,
    BodyTooLarge,
    ConfigurationError,
    DatabaseUnavailable,
    InvalidInput,
    InvalidToken,
    NotAuthenticated,
    TooManyAttempts,
)
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import LoginCondition, RequestCondition, RequestGuard
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.tokens import SessionTokens
from fastauth_kit.core.transport import transport_of

ALWAYS: tuple[type[AuthError], ...] = (AmbiguousCredentials, InvalidInput, DatabaseUnavailable)
SIGNED_IN: tuple[type[AuthError], ...] = (NotAuthenticated, InvalidToken)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""RFC 9110, section 9.2.1: they change nothing."""

WITH_BODY: tuple[type[AuthError], ...] = (BodyTooLarge,)


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Which routes the caller wants, by name (the operation id in OpenAPI).

    Args:
        only: These alone; ``None`` for all.
        without: All but these.
        guards: Dependencies that run before a route, by its name. A guard
            that writes must commit by itself.
        operation_id_prefix: In front of every operation id, for apps that
            mount the kit twice.
    """

    only: Collection[str] | None = None
    without: Collection[str] = ()
    guards: Mapping[str, Sequence[Depends]] = field(default_factory=dict[str, Sequence[Depends]])
    operation_id_prefix: str = ""

    def wants(self, name: str) -> bool:
        """Whether a route is among the chosen ones."""
        return name not in self.without and (self.only is None or name in self.only)

    @property
    def named(self) -> set[str]:
        """Every route that is named here."""
        return {*(self.only or ()), *self.without, *self.guards}


class RouteTable:
    """Collects the routes of one router."""

    def __init__(self, auth: AuthKit[Any], routes: Routes) -> None:
        self.auth = auth
        self._routes = routes
        self._router = auth.router()
        self._known: set[str] = set()
        self._adding: Feature | None = None
        self._gave_way: set[str] = set()
        self._instead: Collection[str] | None = None
        self._transport = transport_of(auth)
        self._defines_scheme = False
        self._name_scheme: set[str] = set()

    def add_routes_of(self, feature: Feature) -> None:
        """Add the auth routes of a feature, but for those that another one replaces."""
        self._adding = feature
        feature.add_auth_routes(self)

    def add_replacements(self) -> None:
        """Add what stands in place of the routes that gave way, if nobody has yet."""
        missing = self._gave_way - self._known
        self._instead = missing
        for feature in self.auth.features:
            if missing & feature.replaced_routes:
                self.add_routes_of(feature)
        self._instead = None

    def has(self, name: str) -> bool:
        """Whether there is such a route already."""
        return name in self._known

    def _gives_way(self, name: str) -> bool:
        """Whether the feature that is being asked is not to add a route of this name."""
        if self._instead is not None:
            return name not in self._instead
        others = [feature for feature in self.auth.features if feature is not self._adding]
        return any(name in feature.replaced_routes for feature in others)

    def add(
        self,
        name: str,
        method: str,
        path: str,
        endpoint: Callable[..., Any],
        *,
        errors: Collection[type[AuthError]] = (),
        signed_in: bool = False,
        signs_in: bool = False,
        body: type[BaseModel] | None = None,
        reads_body: bool = False,
        limited: bool = False,
        status_code: int = 200,
        response_model: Any = None,
        responses: Mapping[int | str, dict[str, Any]] | None = None,
        openapi_extra: dict[str, Any] | None = None,
    ) -> None:
        """Add one route, if the caller wants it.

        Args:
            name: Unique and readable; becomes the operation id.
            errors: What it can refuse with, beyond what every route can. With
                ``InvalidToken`` among them it takes a token, or none.
            signed_in: Whether it needs a user.
            signs_in: Whether it makes a session, which conditions may refuse; it
                answers with ``core.tokens.answer_login``.
            body: Schema of the endpoint's parameter ``body``, where the
                caller's own schema decides.
            reads_body: Whether it has a body that FastAPI does not see.
            limited: Whether it asks ``core.guards.admit``, and may be refused.
        """
        if self._gives_way(name):
            self._gave_way.add(name)
            return
        self._known.add(name)
        if not self._routes.wants(name):
            return
        if body is not None:
            endpoint.__annotations__["body"] = body
        gives_tokens = signs_in or response_model is SessionTokens
        reads_token = signed_in or InvalidToken in errors
        possible = {*errors, *ALWAYS, *(SIGNED_IN if signed_in else ())}
        possible |= self._conditional(signed_in=signed_in, signs_in=signs_in)
        if self._transport and (gives_tokens or (reads_token and method not in SAFE_METHODS)):
            possible |= set(self._transport.refusals)
        if reads_body or "body" in endpoint.__annotations__:
            possible |= set(WITH_BODY)
        if limited and self.auth.taking_part(RequestGuard):
            possible |= {TooManyAttempts}
        self._router.add_api_route(
            path,
            endpoint,
            methods=[method],
            name=name,
            operation_id=self._routes.operation_id_prefix + name,
            dependencies=[
                *(self._checks_of_sign_in() if gives_tokens else ()),
                *(self._scheme_of_transport(name, method) if reads_token else ()),
                *self._routes.guards.get(name, ()),
            ],
            status_code=status_code,
            response_model=self._answer_model(response_model),
            responses={**self._documented(possible), **(responses or {})},
            openapi_extra=openapi_extra,
        )

    def _answer_model(self, given: Any) -> Any:
        if given is SessionTokens and self._transport is not None:
            return SessionTokens | self._transport.answer_model
        return given

    def _checks_of_sign_in(self) -> Sequence[Depends]:
        """Return what runs first on a route that gives tokens, however they are proven."""
        transport = self._transport
        if transport is None:
            return ()

        async def check_sign_in(connection: HTTPConnection) -> None:
            transport.check_sign_in(connection)

        return (Depends(check_sign_in),)

    def _scheme_of_transport(self, name: str, method: str) -> Sequence[Depends]:
        """Return what shows OpenAPI that an access token may come by the transport.

        Only a dependency can define a scheme, and each costs time on every request.
        So one route has it, which is none of those that are asked for most; the
        others only name the scheme, see ``finish``.
        """
        if self._transport is None:
            return ()
        if self._defines_scheme or method in SAFE_METHODS:
            self._name_scheme.add(name)
            return ()
        self._defines_scheme = True
        return (Depends(self._transport.scheme),)

    def _conditional(self, *, signed_in: bool, signs_in: bool) -> set[type[AuthError]]:
        found: set[type[AuthError]] = set()
        if signed_in:
            for condition in self.auth.taking_part(RequestCondition):
                found |= set(condition.request_errors)
        if signs_in:
            for login_condition in self.auth.taking_part(LoginCondition):
                found |= set(login_condition.login_errors)
        return found

    def _documented(self, errors: set[type[AuthError]]) -> dict[int | str, dict[str, Any]]:
        in_order = sorted(errors, key=lambda error: error.code)
        return self.auth.error_response.documented(*in_order)

    def finish(self) -> APIRouter:
        """Return the router.

        Raises:
            ConfigurationError: ``Routes`` names a route that does not exist.
        """
        unknown = sorted(self._routes.named - self._known)
        if unknown:
            raise ConfigurationError(
                f"Routes(...) names {', '.join(unknown)}; there are: "
                + ", ".join(sorted(self._known))
            )
        if self._transport is not None and self._defines_scheme:
            alternative = {self._transport.scheme.scheme_name: list[str]()}
            for route in self._router.routes:
                if isinstance(route, APIRoute) and route.name in self._name_scheme:
                    extra = route.openapi_extra or {}
                    security = [*extra.get("security", ()), alternative]
                    route.openapi_extra = {**extra, "security": security}
        return self._router


def get_auth_router(auth: AuthKit[Any], *, routes: Routes = Routes()) -> APIRouter:
    """Build one router with what every enabled feature brings under the auth prefix.

    Args:
        routes: Which routes, and what guards them.

    Raises:
        ConfigurationError: ``routes`` names a route that does not exist.
    """
    return build_router(auth, auth.features, routes)


def build_router(auth: AuthKit[Any], features: Collection[Feature], routes: Routes) -> APIRouter:
    """Build a router with the auth routes of some features."""
    table = RouteTable(auth, routes)
    for feature in features:
        table.add_routes_of(feature)
    table.add_replacements()
    return table.finish()
