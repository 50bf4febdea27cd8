"""Whatever step of a request fails, and however: all of it is done, or none of it."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import httpx2
import pytest

from fastauth_kit.core import http
from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.private_registration import PrivateRegistration
from tests.invariants.driver_errors import FAULT_TEXT, Failure
from tests.invariants.flows import FLOWS, PRIVATE_FLOWS, Dump, Flow, Journal, Scene, dump
from tests.invariants.injector import Injection, Injector, Step, injections
from tests.invariants.probes import operations
from tests.kit_app import IntLoginFailure, IntPendingRegistration, KitApp
from tests.mailing import every_feature
from tests.servers import DATABASE_KINDS, DatabaseKind

EVERY_WAY = bool(os.environ.get("CHAOS"))
"""Else every second step but a commit fails in one way, and each way has its turn."""


def test_every_route_has_a_flow(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(more_features=every_feature())

    assert {operation.name for operation in operations(kit_app)} == {flow.route for flow in FLOWS}


@pytest.fixture
async def scene(
    make_app: Callable[..., KitApp], monkeypatch: pytest.MonkeyPatch, flow: Flow
) -> Scene:
    """Four people, whose requests are going to fail."""
    monkeypatch.setattr(http, "_backoff_seconds", lambda _: 0)
    journal = Journal()
    features = (*every_feature(), Lockout(model=IntLoginFailure))
    if flow.private:
        features += (PrivateRegistration(model=IntPendingRegistration),)
    kit_app = make_app(hooks=(journal,), more_features=features)
    scene = Scene(kit_app, journal, private=flow.private)
    await scene.set()
    return scene


@dataclass
class Trial:
    """One flow on one database, with what it does when nothing fails."""

    scene: Scene
    flow: Flow
    injector: Injector
    client: httpx2.AsyncClient
    after: Dump
    actions: list[str]
    counts: "Counter[Step]"

    @classmethod
    async def of(
        cls, scene: Scene, flow: Flow, injector: Injector, client: httpx2.AsyncClient
    ) -> "Trial":
        """Run the flow once as it should go, to know what it does."""
        trial = cls(scene, flow, injector, client, {}, [], Counter())
        with injector.watching() as counts:
            answer = await trial.send()
        assert answer.status_code == flow.status, answer.text
        trial.counts = Counter(counts)
        trial.after, trial.actions = await trial.look(), list(scene.journal.done)
        await trial.start_afresh()
        return trial

    async def send(self) -> httpx2.Response:
        answer = await self.flow.send(self.scene, self.client)
        await self.scene.kit_app.auth.after_commit.drain()
        return answer

    async def look(self) -> Dump:
        return self.scene.normal(await dump(self.scene.kit_app))

    async def start_afresh(self) -> None:
        await self.scene.restore()
        self.scene.journal.done.clear()

    async def suffer(self, injection: Injection) -> list[str]:
        """Let it fail once; return what was not as it should be."""
        with self.injector.watching(injection):
            answer = await self.send()
        pool = self.scene.kit_app.app_engine.pool
        held = pool.checkedout()  # type: ignore[attr-defined]  # of every pool that counts
        state, actions = await self.look(), list(self.scene.journal.done)
        before = self.scene.normal(self.scene.before)
        wrong = [
            *(["connections are still held"] if held else []),
            *self._of_answer(injection, answer),
            *self._of_state(injection, answer, state, before),
            *self._of_actions(
                answer, actions, done=state == self.after and not injection.took_effect
            ),
        ]
        wrong += await self._send_again(not_done=state == before)
        if not self.after == before == state:
            await self.start_afresh()
        return [f"{injection}: {answer.status_code}: {sentence}" for sentence in wrong]

    async def _send_again(self, *, not_done: bool) -> list[str]:
        answer = await self.send()
        if answer.status_code != (self.flow.status if not_done else self.flow.again):
            return [f"the same again: {answer.status_code} {answer.text}"]
        if not_done and await self.look() != self.after:
            return ["the same again left something else"]
        return []

    def _of_answer(self, injection: Injection, answer: httpx2.Response) -> list[str]:
        wrong = []
        if FAULT_TEXT in answer.text or "Traceback" in answer.text:
            wrong.append("the answer tells of the inside")
        if answer.status_code == 503 and not int(answer.headers.get("retry-after", "0")):
            wrong.append("no Retry-After")
        if answer.status_code not in self._statuses(injection):
            wrong.append(answer.text)
        return wrong

    def _statuses(self, injection: Injection) -> set[int]:
        """Return the answers that are right."""
        good = self.flow.status
        if self.flow.later:
            return {good}
        match injection.step, injection.failure:
            case "rollback", Failure.FAULT:
                return {good, 500}
            case _, Failure.FAULT:
                return {500}
            case "commit", Failure.LOST:
                return {503}
            case (("statement" | "commit"), Failure.RETRYABLE):
                return {good}
            case _:
                return {good, 503}

    def _of_state(
        self, injection: Injection, answer: httpx2.Response, state: Dump, before: Dump
    ) -> list[str]:
        if self.flow.later and injection.failure is not Failure.RETRYABLE:
            return [] if state in (before, self.after) else [f"half done: {state}"]
        if answer.status_code == self.flow.status or injection.took_effect:
            return [] if state == self.after else [f"not done: {state}"]
        return [] if state == before else [f"done, or half done: {state}"]

    def _of_actions(self, answer: httpx2.Response, actions: list[str], *, done: bool) -> list[str]:
        happened = done if self.flow.later else answer.status_code == self.flow.status
        wanted = [self.actions] if happened else [[]]
        return [] if actions in wanted else [f"actions after the commit: {actions}"]


def _chosen(ways: list[Injection], turn: int) -> list[Injection]:
    decisive = ways[0].step == "commit"
    if EVERY_WAY or decisive:
        return ways
    return [] if turn % 2 else [ways[turn // 2 % len(ways)]]


ALL_FLOWS = [*FLOWS, *PRIVATE_FLOWS]


@pytest.mark.parametrize("flow", ALL_FLOWS, ids=str)
async def test_a_failure_at_any_step_leaves_no_half_done_change(
    scene: Scene, flow: Flow, database_kind: DatabaseKind
) -> None:
    # flows and databases begin at different steps, so that no step is left out on all
    first_turn = ALL_FLOWS.index(flow) + DATABASE_KINDS.index(database_kind)
    injector = Injector(scene.kit_app, database_kind)
    transport = httpx2.ASGITransport(scene.kit_app.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        trial = await Trial.of(scene, flow, injector, client)
        assert trial.counts["statement"]
        complaints = [
            await trial.suffer(injection)
            for turn, ways in enumerate(injections(trial.counts, database_kind), first_turn)
            for injection in _chosen(ways, turn)
        ]

    assert not any(complaints), "\n".join(sentence for each in complaints for sentence in each)
