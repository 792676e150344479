"""What a run is expected to take: the numbers that open every run, and that `bqbatch plan` shows before one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from bqbatch.money import dollars

_N = TypeVar("_N", int, Decimal)


@dataclass(frozen=True, slots=True)
class Range(Generic[_N]):
    """A number that is not known yet: nine times in ten it is from `low` to `high`."""

    low: _N
    likely: _N
    high: _N


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run of a prompt is expected to take.

    `rows` of the SELECT make so many distinct `requests`; some are `answered`, and the run will ask the rest (`to_ask`;
    fewer with a limit). Tokens and USD are those of what it asks, thoughts among the output. `samples` is how many
    answers of this prompt by this model the ranges stand on; with none they follow from the output columns alone. `bytes`
    is what the warehouse reads of the source; `seconds` the time that jobs of this model took of late. None is unknown.
    `most_output_tokens` are those of answers as long as they may be, and `worst_usd` is what these cost. Where there are
    samples, `thoughts` are those among the likely output, and `longest` is the output of the longest. Where the service
    takes only so many tokens at a time, `enqueued_tokens`, they go in so many `turns`, which take so many `days`.
    """

    name: str
    target: str
    model: str
    rows: int
    skipped: int
    requests: int
    answered: int
    to_ask: int
    input_tokens: int
    estimated_input_tokens: int
    ratio: Decimal
    output_tokens: Range[int]
    cost_usd: Range[Decimal] | None
    most_output_tokens: int
    worst_usd: Decimal | None
    online_usd: Decimal | None
    samples: int
    bytes: int | None
    shards: int
    seconds: int | None
    thoughts: int | None = None
    longest: int | None = None
    enqueued_tokens: int | None = None
    turns: int | None = None
    days: float | None = None
    ways: tuple[Way, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The plan as `--format json` prints it."""
        cost = self.cost_usd
        return {
            "name": self.name, "target": self.target, "model": self.model, "rows": self.rows, "skipped": self.skipped,
            "requests": self.requests, "answered": self.answered, "to_ask": self.to_ask,
            "input_tokens": self.input_tokens,
            "output_tokens": {
                "low": self.output_tokens.low, "likely": self.output_tokens.likely, "high": self.output_tokens.high,
            },
            "cost_usd": {
                name: usd(getattr(cost, name)) if cost else None for name in ("low", "likely", "high")
            },
            "worst_usd": usd(self.worst_usd), "online_usd": usd(self.online_usd), "samples": self.samples,
            "bytes": self.bytes, "shards": self.shards, "seconds": self.seconds,
            "enqueued_tokens": self.enqueued_tokens, "turns": self.turns, "days": self.days,
            "ways": [{"way": way.way, "saves_usd": usd(way.saves_usd), "note": way.note} for way in self.ways],
        }  # fmt: skip

    def logged(self, max_cost: Decimal | None) -> dict[str, Any]:
        """The details of the log's event `planned`; nothing caps an export."""
        cost = self.cost_usd
        return {
            "rows": self.rows, "skipped": self.skipped, "requests": self.to_ask, "distinct_requests": self.requests,
            "input_tokens": self.input_tokens, "estimated_input_tokens": self.estimated_input_tokens,
            "ratio": self.ratio, "output_low": self.output_tokens.low, "output_likely": self.output_tokens.likely,
            "output_high": self.output_tokens.high, "usd_low": cost and cost.low, "usd_likely": cost and cost.likely,
            "usd_high": cost and cost.high, "max_cost": max_cost, "bytes": self.bytes, "shards": self.shards,
        }  # fmt: skip

    def __str__(self) -> str:
        """The plan in a line."""
        output = self.output_tokens
        told = (
            f"{self.to_ask:,} requests to {self.model}, {self.input_tokens:,} tokens in, about {output.likely:,} out "
            f"({output.low:,} to {output.high:,})"
        )
        if self.cost_usd is None:
            return f"{told}, price unknown"
        if not self.cost_usd.high:
            return told
        return f"{told}, about {dollars(self.cost_usd.likely)} ({dollars(self.cost_usd.low)} to {dollars(self.cost_usd.high)})"


@dataclass(frozen=True, slots=True)
class Way:
    """A way to pay less: its name, the USD it saves, None where nobody knows, and what to know of it in a line."""

    way: str
    saves_usd: Decimal | None
    note: str


def usd(amount: Decimal | None) -> float | None:
    """An amount as JSON has it."""
    return None if amount is None else float(amount)
