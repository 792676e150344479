"""What a run may cost, as a promise: what was spent, and the worst case of all that is in the air, stay under the cap."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from bqbatch.services import Job

PADDING = Decimal("1.25")
"""How much more input than estimated is taken for the worst case: by the benches, texts of a kind are off by 10% at most."""


@dataclass(slots=True)
class Budget:
    """The money of one run, in USD; `ratio` is what this model counted of late for an estimated token of input."""

    cap: Decimal
    ratio: Decimal = Decimal(1)
    spent: Decimal = Decimal(0)
    _in_the_air: dict[str, Decimal] = field(default_factory=dict)

    @property
    def left(self) -> Decimal:
        """What the next shard may cost at the worst."""
        return self.cap - self.spent - sum(self._in_the_air.values())

    @property
    def padded(self) -> Decimal:
        """How many tokens one estimated token of input may be at the worst."""
        return max(Decimal(1), self.ratio) * PADDING

    def send(self, job: Job) -> None:
        """Sets a job's worst case aside."""
        self._in_the_air[job.name] = job.span.worst_usd

    def land(self, job: Job, usd: Decimal) -> None:
        """Takes what a job cost in place of its worst case."""
        self._in_the_air.pop(job.name, None)
        self.spent += usd
