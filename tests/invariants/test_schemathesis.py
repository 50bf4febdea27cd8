"""Whatever the OpenAPI document allows, and what it does not, is answered as it says."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import NullPool

from tests.invariants.probes import Attacker, operations
from tests.kit_app import KitApp, build_app, create_tables
from tests.mailing import every_feature

# Each call has a thread with an event loop of its own, and greenlets in it. Where
# several such threads end together, CPython 3.11 can spin for ever in the callbacks
# of their end while it is traced; other tests reach all that these do.
pytestmark = pytest.mark.no_cover

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]

BOUNDED = settings(
    max_examples=12,
    deadline=None,
    # the same requests on every run: a failure is one of the change at hand
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Caller:
    """Somebody who sends what is generated, signed in again whenever that ended."""

    def __init__(self, kit_app: KitApp, *, signed_in: bool) -> None:
        self._signed_in = signed_in
        self._attacker = Attacker(kit_app, kit_app.client())

    def try_out(self, case: Case) -> None:
        """Send one request and compare the answer with the document."""
        if self._signed_in and not self._attacker.token:
            asyncio.run(self._attacker.start())
        token = self._attacker.token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = case.call(headers=headers)
        if answer.status_code < 300 and case.method != "GET":
            self._attacker.token = ""
        case.validate_response(answer, checks=CHECKS, headers=headers)


@pytest.fixture(scope="module")
def lasting_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KitApp]:
    """An installation whose rows stay from one generated request to the next.

    Each is called in a loop of its own, so no connection is kept.
    """
    path: Path = tmp_path_factory.mktemp("schemathesis") / "test.db"
    kit_app = build_app(
        f"sqlite+aiosqlite:///{path}",
        engine_options={"poolclass": NullPool},
        more_features=every_feature(),
    )
    asyncio.run(create_tables(kit_app.engine))
    yield kit_app
    asyncio.run(kit_app.auth.aclose())


def takes_input(described: dict[str, Any]) -> bool:
    """Whether there is anything that could be sent wrongly."""
    return bool(described.get("parameters") or described.get("requestBody"))


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("signed_in", [True, False], ids=["superuser", "anonymous"])
def test_every_answer_is_as_documented(
    lasting_app: KitApp, mode: GenerationMode, *, signed_in: bool
) -> None:
    caller = Caller(lasting_app, signed_in=signed_in)
    schema = schemathesis.openapi.from_asgi("/openapi.json", lasting_app.app)
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) == len(operations(lasting_app))

    for operation in found:
        if mode is GenerationMode.NEGATIVE and not takes_input(operation.definition.raw):
            continue

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode))
        def try_out(case: Case) -> None:
            caller.try_out(case)

        try_out()
