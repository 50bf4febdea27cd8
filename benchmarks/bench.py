"""What every measurement is given, and how rounds become results."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from benchmarks.contenders import BARE, KIT, Contender
from benchmarks.processes import CHEAP_HASH, DEFAULT_HASH, Settings
from benchmarks.rows import BY_NAME, Result
from benchmarks.server import Server


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How long to measure.

    Args:
        rounds: Of requests at the cheapest hash, by clock and CPU.
        slow_rounds: Of what takes longer: storms, logins, memory.
        rounds_of_others: How many of them those take part in who are not the kit.
        connections: That requests are made at, each by a user of its own.
        seconds: Of one round of requests.
        login_seconds: Of one round of logins with the default hash.
        storm_seconds: Of one storm.
        windows: Of counted requests.
        window: Requests of one window.
        accounts: In each table.
        in_flight: Logins at once while the peak of memory is measured.
        default_hash: Parameters of what stands for the default hash.
    """

    rounds: int = 5
    slow_rounds: int = 3
    rounds_of_others: int = 1
    connections: int = 32
    seconds: float = 1.0
    login_seconds: float = 2.5
    storm_seconds: float = 6.0
    windows: int = 3
    window: int = 20
    accounts: int = 10_000
    in_flight: int = 64
    default_hash: str = DEFAULT_HASH


SHORT = Effort(
    rounds=1,
    slow_rounds=1,
    connections=4,
    seconds=0.05,
    login_seconds=0.1,
    storm_seconds=0.3,
    windows=1,
    window=2,
    accounts=64,
    in_flight=8,
    default_hash=CHEAP_HASH,
)
"""Shows that everything works; its figures mean nothing."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One run on one database.

    Args:
        database: Its name for the table; empty for rows that need none.
        others: Contenders beside ``bare`` and the kit.
        wanted: Names of the rows to measure.
    """

    database: str
    settings: Settings
    effort: Effort
    wanted: frozenset[str]
    others: tuple[Contender, ...] = ()
    say: Callable[[str], None] = field(default=print)

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """Everybody, those that others are compared with first."""
        return (BARE, KIT, *self.others)

    def wants(self, *rows: str) -> bool:
        """Whether any of these rows is to be measured."""
        return not self.wanted.isdisjoint(rows)

    @contextmanager
    def servers(self, hash_parameters: str) -> Iterator[list[Server]]:
        """Run everybody's server."""
        with ExitStack() as stack:
            servers = [
                stack.enter_context(Server(contender, self.settings, hash_parameters))
                for contender in self.contenders
            ]
            assert all(server.port for server in servers)
            yield servers

    def takes_part(self, contender: Contender, turn: int) -> bool:
        """Whether a contender is measured in that round, counted from 0."""
        return contender in (BARE, KIT) or turn < self.effort.rounds_of_others

    def ratios(
        self, row: str, figures: Mapping[str, Sequence[float]], *, measured_in: str
    ) -> Iterator[Result]:
        """Divide round by round by what each contender is compared with."""
        for contender in self.contenders:
            base = figures.get(contender.against)
            own = figures.get(contender.name)
            if row in self.wanted and base and own and contender.name != contender.against:
                values = [mine / theirs for mine, theirs in zip(own, base, strict=False)]
                yield self.result(row, contender, values, own, base, measured_in=measured_in)

    def result(
        self,
        row: str,
        contender: Contender,
        values: Sequence[float],
        own: Sequence[float],
        base: Sequence[float] | None,
        *,
        measured_in: str,
    ) -> Result:
        return Result(
            row=BY_NAME[row],
            database=self.database,
            contender=contender.name,
            values=tuple(values),
            own=median(own),
            base=median(base) if base else None,
            measured_in=measured_in,
        )
