"""The requests of a run that were not sent yet, cut into shards as the money allows.

A shard is sent only if what was spent, the worst case of all that is in the air and its own worst case stay under the
run's cap together. The first is a probe: what it really costs makes room for the next ones.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from bqbatch.errors import ServiceError
from bqbatch.run.budget import Budget
from bqbatch.run.script import Script
from bqbatch.services import Job, Span
from bqbatch.warehouses import Warehouse

PROBE = 1_000
"""The most requests of a run's first shard."""
_LEAST = 100
"""A job of fewer requests is not worth its hours, unless they are the last."""


@dataclass(slots=True)
class Shards:
    """What a run still has to send, in order; the attempts that follow on others come first.

    `requests` is how many the run asks in all, of `input_tokens` estimated tokens.
    """

    script: Script
    warehouse: Warehouse
    budget: Budget
    requests: int
    input_tokens: int = 0
    number: int = 0
    _first: int = 1
    _ready: deque[Job] = field(default_factory=deque)
    _again: deque[Job] = field(default_factory=deque)
    _dropped: int = 0
    _measured: tuple[str, Decimal, int | None] | None = None

    def __bool__(self) -> bool:
        return bool(self._ready or self._again or self._first <= self.requests)

    @property
    def expected(self) -> int:
        """How many shards there are in all where no cap is met."""
        size = self.script.shard_size
        if size is None or self.requests == 0:
            return min(1, self.requests)
        by_size = 1 + max(0, -(-(self.requests - min(PROBE, size)) // size))
        return max(by_size, self.budget.turns(self.input_tokens) or 0)

    @property
    def left(self) -> int:
        """How many requests were never sent; with those of a next attempt, at most."""
        again = sum(job.span.requests for job in (*self._ready, *self._again))
        return self._dropped + max(0, self.requests - self._first + 1) + again

    def sent(self, job: Job, end: int) -> None:
        """Takes note of a shard that another process sent, and that ends at a position."""
        self.number, self._first = max(self.number, job.shard), max(self._first, end + 1)

    def put_back(self, job: Job) -> None:
        """Keeps a job, whose request table is there and whose intent is logged, to be sent as it is."""
        self._ready.appendleft(job)

    def ask_again(self, job: Job) -> None:
        """Keeps what a job left open for the next attempt."""
        self._again.append(self.script.job(job.span, job.shard, job.attempt + 1))

    def drop(self) -> int:
        """Gives up all that waits, and says how many requests these are, at most."""
        self._dropped = self.left
        self._first = self.requests + 1
        self._ready.clear()
        self._again.clear()
        return self._dropped

    def take(self, *, in_the_air: bool) -> Job | None:
        """The next job to send, its worst case set aside; None where it has to wait, or where none fits any more."""
        if self._ready:
            return self._ready.popleft()
        if not self:
            return None
        job = self._again[0] if self._again else self._next()
        if self.script.shard_size:
            measured = (job.name, self.budget.left, self.budget.tokens_left)
            if in_the_air and self._measured == measured:
                return None
            fitting, rest = self._fitting(job, in_the_air=in_the_air)
            if fitting is None or (in_the_air and rest):
                self._measured = measured
                return None
            job = fitting
            self._dropped += rest if self._again else 0
        if self._again:
            self._again.popleft()
        else:
            self.number, self._first = job.shard, job.span.last + 1
        self.budget.send(job)
        return job

    def _next(self) -> Job:
        size = self.script.shard_size or self.requests
        last = min(self.requests, self._first - 1 + (size if self.number else min(size, PROBE)))
        if self.script.shard_size is None:
            last = self.requests
        return self.script.job(Span(self._first, last, last - self._first + 1, self.input_tokens), self.number + 1)

    def _fitting(self, job: Job, *, in_the_air: bool) -> tuple[Job | None, int]:
        """The job with as many of its requests as fit, None where it is not worth it; and how many do not fit.

        Raises ServiceError where the service will never take even one of them.
        """
        budget = self.budget
        # What is asked again fitted once.
        tokens = None if self._again and not in_the_air else budget.tokens_left
        row = self._measure(job, tokens)
        if not row["requests"] and row["affordable"] and not in_the_air:
            row = self._measure(job, budget.tokens)
            if not row["requests"]:
                limit = f"{budget.tokens:,} tokens" if budget.tokens else f"{budget.size:,} bytes"
                raise ServiceError(
                    f"a request of shard {job.shard} alone has more tokens than {self.script.model} takes at a time",
                    f"the limit is {limit}: a higher `tier` of the target, or shorter prompts",
                )
        rest = row["waiting"] - row["requests"]
        if row["affordable"] < min(row["waiting"], _LEAST) or not row["requests"]:
            return None, rest
        last = row["last"] if rest else job.span.last
        span = Span(job.span.first, last, row["requests"], row["input_tokens"], row["worst_usd"])
        return replace(job, span=span), rest

    def _measure(self, job: Job, tokens: int | None) -> dict[str, Any]:
        budget = self.budget
        left = max(Decimal(0), budget.left)
        [row] = self.warehouse.read(self.script.fitting(job, budget.padded, left, tokens, budget.size))
        return row
