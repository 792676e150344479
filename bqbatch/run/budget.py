"""What a run may cost, as a promise: what was spent, and the worst case of all that is in the air, stay under the cap.

Where a service takes only so many tokens at a time, what is in the air stays under that as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal

from bqbatch.project import Target
from bqbatch.services import Job, Span
from bqbatch.services.developer.limits import MOST_BYTES, enqueued_tokens

PADDING = Decimal("1.25")
"""How much more input than estimated is taken for the worst case: by the benches, texts of a kind are off by 10% at most."""


@dataclass(slots=True)
class Budget:
    """The money of one run, in USD; `ratio` is what this model counted of late for an estimated token of input.

    `tokens` of input may be in the air at a time, None where the service sets no limit; `size` is how many bytes of JSON
    one job may have.
    """

    cap: Decimal
    ratio: Decimal = Decimal(1)
    spent: Decimal = Decimal(0)
    tokens: int | None = None
    size: int | None = None
    _in_the_air: dict[str, Span] = field(default_factory=dict)
    _learned: int | None = None

    @classmethod
    def of(cls, target: Target, model: str, cap: Decimal, ratio: Decimal) -> Budget:
        """The budget of a run of a model, with the limits of the target's service."""
        if target.type != "developer":
            return cls(cap, ratio)
        tokens = target.enqueued_tokens or enqueued_tokens(model, target.tier)
        return cls(cap, ratio, tokens=tokens, size=MOST_BYTES)

    @property
    def left(self) -> Decimal:
        """What the next shard may cost at the worst."""
        return self.cap - self.spent - sum(span.worst_usd for span in self._in_the_air.values())

    @property
    def tokens_left(self) -> int | None:
        """How many tokens of input the next shard may have at the worst; None where there is no limit."""
        if self.tokens is None:
            return None
        in_the_air = sum(self.most_tokens(span.input_tokens) for span in self._in_the_air.values())
        return max(0, (self._learned or self.tokens) - in_the_air)

    @property
    def padded(self) -> Decimal:
        """How many tokens one estimated token of input may be at the worst."""
        return max(Decimal(1), self.ratio) * PADDING

    def send(self, job: Job) -> None:
        """Sets a job's worst case aside."""
        self._in_the_air[job.name] = job.span

    def land(self, job: Job, usd: Decimal) -> None:
        """Takes what a job cost in place of its worst case."""
        self._in_the_air.pop(job.name, None)
        self.spent += usd

    def refuse(self, job: Job) -> None:
        """Learns that the service takes no more beside what is in the air; a quarter of what it should take, at the least."""
        others = [self.most_tokens(span.input_tokens) for name, span in self._in_the_air.items() if name != job.name]
        if self.tokens is not None and others:
            self._learned = max(self.tokens // 4, sum(others))

    def turns(self, estimated: int) -> int | None:
        """In how many turns so many estimated tokens of input are taken, each as large as may be; None where there is no limit."""
        return -(-self.most_tokens(estimated) // self.tokens) if self.tokens else None

    def most_tokens(self, estimated: int) -> int:
        """How many tokens so many estimated ones of input may be at the worst."""
        return math.ceil(estimated * self.padded)
