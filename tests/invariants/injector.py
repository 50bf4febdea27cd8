"""Lets one step of a request to the database fail: which one, and how."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import event

from tests.invariants.driver_errors import REFUSED, Failure, fail
from tests.kit_app import KitApp

Step = Literal["checkout", "statement", "commit", "rollback"]


@dataclass(frozen=True)
class Injection:
    """The ``number``-th step of one kind fails.

    Args:
        took_effect: Whether it does so after it was done: the answer of the
            database is what got lost.
    """

    step: Step
    number: int
    failure: Failure
    took_effect: bool = False

    def __str__(self) -> str:
        when = " after it took effect" if self.took_effect else ""
        return f"{self.step} {self.number}{when}: {self.failure.value}"


def injections(counts: "Counter[Step]", kind: str) -> "Iterator[list[Injection]]":
    """Yield, for each step of a request, every way in which it can fail."""
    # SQLite has no connection to lose
    counts = Counter(
        {step: counts[step] for step in counts if (step, kind) != ("rollback", "sqlite")}
    )
    for step, failures in _POSSIBLE.items():
        for number in range(1, counts[step] + 1):
            ways = [Injection(step, number, failure) for failure in failures]
            if step == "commit":
                ways.append(Injection(step, number, Failure.LOST, took_effect=True))
            yield ways


_POSSIBLE: dict[Step, tuple[Failure, ...]] = {
    "statement": tuple(Failure),
    "commit": tuple(Failure),
    # the server always can; only its connection may be gone
    "rollback": (Failure.LOST,),
    "checkout": (Failure.OUTAGE,),
}


class Injector:
    """Stands between SQLAlchemy and the driver of one engine.

    It counts every step, and lets one of them fail, once.
    """

    def __init__(self, kit_app: KitApp, kind: str) -> None:
        self._kind = kind
        self._planned: Injection | None = None
        self._counts: Counter[Step] = Counter()
        engine = kit_app.app_engine
        for name in ("do_execute", "do_executemany"):
            event.listen(engine, name, self._on_statement)
        event.listen(engine, "checkout", self._on_checkout)
        for name in ("commit", "rollback"):
            self._stand_before(engine.dialect, name)

    @contextmanager
    def watching(self, planned: Injection | None = None) -> "Iterator[Counter[Step]]":
        """Count the steps meanwhile, and let the planned one fail."""
        self._planned, self._counts = planned, Counter()
        try:
            yield self._counts
            assert planned is None or self._planned is None, f"never came to {planned}"
        finally:
            self._planned = None

    def _due(self, step: Step) -> Injection | None:
        self._counts[step] += 1
        planned = self._planned
        if planned and (planned.step, planned.number) == (step, self._counts[step]):
            self._planned = None
            return planned
        return None

    def _on_statement(self, cursor: Any, statement: Any, parameters: Any, context: Any) -> None:
        due = self._due("statement")
        if due:
            fail(self._kind, context.root_connection.connection, due.failure)

    def _on_checkout(self, connection: Any, record: Any, fairy: Any) -> None:
        if self._due("checkout"):
            error = REFUSED[self._kind]()
            raise error

    def _stand_before(self, dialect: Any, name: Literal["commit", "rollback"]) -> None:
        genuine = getattr(dialect, f"do_{name}")

        def step(fairy: Any) -> None:
            due = self._due(name)
            if due is None:
                genuine(fairy)
                return
            if due.took_effect:
                genuine(fairy)
            fail(self._kind, fairy, due.failure)

        setattr(dialect, f"do_{name}", step)
