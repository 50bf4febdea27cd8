"""An installation with every feature that there is, in any order."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

from fastauth_kit import Event, EventSink, Work, features
from fastauth_kit.core.feature import Feature, Hook
from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.signing_keys import SigningKeys, generate_key
from fastauth_kit.features.throttling import Throttling
from tests.features.accounts.people import rebuilt
from tests.kit_app import IntLoginFailure, KitApp, bearer
from tests.mailing import every_feature

ALWAYS_ON = {"Accounts", "Passwords", "Sessions"}
"""What ``build_app`` brings by itself."""

KEY = generate_key()


def everything() -> tuple[Feature, ...]:
    """Return every feature that ``build_app`` leaves out, those that refuse included."""
    mailing = every_feature()
    others = (Throttling(), Lockout(model=IntLoginFailure), SigningKeys(current=KEY))
    names = {feature.name for feature in mailing}
    return (*(part for part in others if part.name not in names), *mailing)


REPLACING = {"PrivateRegistration"}
"""Features that take the place of a route of another's; they cannot all be on."""


def feature_classes() -> Iterator[type[Feature]]:
    """Find every feature that the library has."""
    for found in pkgutil.iter_modules(features.__path__, f"{features.__name__}."):
        module = importlib.import_module(found.name)
        for name in module.__all__:
            part = getattr(module, name)
            if isinstance(part, type) and issubclass(part, Feature):
                yield part


def hooks_of(kind: type[Feature]) -> set[type[Hook]]:
    """Return the hooks in which a feature takes part."""
    return {base for base in kind.__mro__ if Hook in base.__bases__}


def sharing_a_hook() -> list[tuple[type[Feature], type[Feature]]]:
    """Return the pairs that are asked one after the other somewhere, and are on."""
    on = (kind for kind in feature_classes() if kind.__name__ not in REPLACING)
    kinds = sorted(on, key=lambda kind: kind.name)
    return [pair for pair in combinations(kinds, 2) if hooks_of(pair[0]) & hooks_of(pair[1])]


class Told(EventSink):
    """Keeps what happened, by name."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def receive(self, work: Work, event: Event) -> None:
        self.events.append(type(event).__name__)


def in_order(kit_app: KitApp, first: Sequence[type[Feature]]) -> tuple[KitApp, Told]:
    """Return the same installation with some of its features before all others."""
    told = Told()
    chosen = [kit_app.auth.feature(kind) for kind in first]
    rest = [part for part in kit_app.auth.features if part not in chosen]
    return rebuilt(kit_app, features=(*chosen, *rest), hooks=(told,)), told


def shape(value: Any) -> Any:
    """Return what a body consists of, without what differs each time."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return value if isinstance(value, bool) or value is None else type(value).__name__


Seen = list[tuple[str, int, Any]]


async def a_whole_life(kit_app: KitApp, email: str, token_mailed: Callable[[], Any]) -> Seen:
    """Let one account live from its registration to its end; return every answer's outline."""
    seen: Seen = []
    account = {"email": email, "password": "correct horse battery"}
    renewed = {**account, "password": "another long password"}

    async with kit_app.client() as client:

        async def send(method: str, path: str, body: Any = None, tokens: Any = None) -> Any:
            headers = bearer(tokens) if tokens else {}
            answer = await client.request(method, path, json=body, headers=headers)
            content = answer.json() if answer.content else None
            told = content.get("code") if isinstance(content, dict) else None
            seen.append((f"{method} {path}", answer.status_code, told or shape(content)))
            return content

        async def ask(path: str) -> str:
            await send("POST", path, {"email": email})
            token: str = await token_mailed()
            return token

        await send("POST", "/api/auth/register", account)
        verify = {"token": await token_mailed()}
        for _ in range(2):
            await send("POST", "/api/auth/email/verify", verify)
        first = await send("POST", "/api/auth/login", account)
        await send("POST", "/api/auth/login", renewed)
        await send("GET", "/api/users/me", tokens=first)
        second = await send("POST", "/api/auth/refresh", {"refresh_token": first["refresh_token"]})
        voided = await ask("/api/auth/magic-link")
        token = await ask("/api/auth/password/forgot")
        reset = {"token": token, "new_password": renewed["password"]}
        await send("POST", "/api/auth/password/reset", reset)
        await send("POST", "/api/auth/magic-link/login", {"token": voided})
        await send("GET", "/api/users/me", tokens=second)
        await send("POST", "/api/auth/refresh", {"refresh_token": second["refresh_token"]})
        token = await ask("/api/auth/magic-link")
        third = await send("POST", "/api/auth/magic-link/login", {"token": token})
        await send("GET", "/api/auth/sessions", tokens=third)
        await send("DELETE", "/api/users/me", {"password": renewed["password"]}, tokens=third)
        await send("POST", "/api/auth/login", renewed)
    return seen
