"""What a run came to, and what `--fail-on` makes of it."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bqbatch.errors import OverCap, RowsNotOk, RunError
from bqbatch.values import to_json

OUTCOMES = (
    "ok", "truncated", "blocked", "invalid_json", "schema_mismatch", "retryable", "failed", "missing", "pending",
    "skipped",
)  # fmt: skip


def parse_outcomes(text: str, known: Collection[str], option: str, hint: str = "") -> frozenset[str]:
    """The outcomes of an option's text, with commas between. Raises RunError for one that is not known."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            listed = ", ".join(outcome for outcome in OUTCOMES if outcome in known)
            raise RunError(
                f"{option} does not know `{name}`", f"did you mean `{near[0]}`?" if near else f"{hint}some of: {listed}"
            )
    return frozenset(names)


def parse_retry(text: str) -> tuple[str, ...]:
    """The outcomes that a retry asks again. Raises RunError for one that no answer has."""
    known = [outcome for outcome in OUTCOMES if outcome not in ("pending", "skipped")]
    found = parse_outcomes(text, known, "--outcome")
    return tuple(outcome for outcome in known if outcome in found)


@dataclass(frozen=True, slots=True)
class RunResult:
    """The numbers of a finished run: `rows` is the sum of `outcomes`; tokens and dollars are this run's alone.

    `over_cap` requests were not asked, since they might have cost more than was left. Those of a `rehearsal` cost nothing:
    its dollars are what they would have cost.
    """

    run_id: str
    name: str
    target: str
    model: str
    rows: int
    requests: int
    reused: int
    outcomes: Mapping[str, int]
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    view: str
    over_cap: int = 0
    rehearsal: bool = False

    def check_cap(self, file: str) -> None:
        """Raises OverCap where the cap kept requests from being asked."""
        if self.over_cap:
            command = f"bqbatch run {'--rehearse ' if self.rehearsal else ''}{shlex.quote(file)} --max-cost USD"
            raise OverCap(
                f"stopped at the cap: {self.over_cap:,} requests of `{self.name}` are not asked, as they might cost more "
                "than is left",
                (f"so would a run be: {command} tries another cap" if self.rehearsal
                 else f"what was answered is kept: {command} goes on")
                + "; a smaller max_output_tokens makes the worst case cheaper",
            )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The result as `--format json` prints it."""
        return {
            "run_id": self.run_id, "name": self.name, "target": self.target, "model": self.model, "rows": self.rows,
            "requests": self.requests, "reused": self.reused, "outcomes": dict(self.outcomes),
            "input_tokens": to_json(self.input_tokens), "output_tokens": to_json(self.output_tokens),
            "cost_usd": None if self.cost_usd is None else float(self.cost_usd), "view": self.view,
            **({"rehearsal": True} if self.rehearsal else {}),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Detached:
    """A run that goes on without this process: its jobs are sent, nothing is published yet."""

    run_id: str
    name: str
    target: str
    model: str
    requests: int
    shards: int
    jobs: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What `--format json` prints."""
        return {
            "run_id": self.run_id, "name": self.name, "target": self.target, "model": self.model,
            "requests": self.requests, "shards": self.shards, "jobs": list(self.jobs), "state": "open",
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunImport:
    """What an import brought home for one exported run: answers by outcome, and how many requests still have none.

    Tokens and dollars are those of all answers of the run. Of its requests some may have been refused, and never left; once
    all others are answered it is finished.
    """

    run_id: str
    name: str
    model: str
    outcomes: Mapping[str, int]
    unanswered: int
    refused: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    view: str

    def as_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id, "name": self.name, "model": self.model, "outcomes": dict(self.outcomes),
            "unanswered": self.unanswered, "refused": self.refused, "state": "exported" if self.unanswered else "finished",
            "input_tokens": to_json(self.input_tokens), "output_tokens": to_json(self.output_tokens),
            "cost_usd": None if self.cost_usd is None else float(self.cost_usd), "view": self.view,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Import:
    """What became of the lines of an import: `lines` is the sum of the four that follow it."""

    lines: int
    answered: int
    repeated: int
    unknown: int
    malformed: int
    rejects: Path | None
    runs: tuple[RunImport, ...]

    def as_json(self) -> dict[str, Any]:
        """The result as `--format json` prints it."""
        return {
            "lines": self.lines, "answered": self.answered, "repeated": self.repeated, "unknown": self.unknown,
            "malformed": self.malformed, "rejects": str(self.rejects) if self.rejects else None,
            "runs": [run.as_json() for run in self.runs],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class FailOn:
    """Which rows make a run fail: some outcomes, or more than a share of the rows."""

    outcomes: frozenset[str]
    share: Decimal

    @classmethod
    def parse(cls, text: str) -> FailOn:
        """`any`, `5%`, or outcomes with commas between."""
        not_ok = frozenset(OUTCOMES) - {"ok"}
        text = text.strip()
        if text == "any":
            return cls(not_ok, Decimal(0))
        if percent := re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text):
            share = Decimal(percent[1]) / 100
            if share <= 1:
                return cls(not_ok, share)
        return cls(parse_outcomes(text, not_ok, "--fail-on", "any, 5%, or "), Decimal(0))

    def check(self, result: RunResult) -> None:
        """Raises RowsNotOk where the result has more such rows than are allowed."""
        found = {name: count for name, count in result.outcomes.items() if name in self.outcomes and count}
        total = sum(found.values())
        if total > self.share * result.rows:
            listed = ", ".join(f"{count:,} {name}" for name, count in found.items())
            raise RowsNotOk(
                f"--fail-on: {listed} of {result.rows:,} rows",
                f'see why: bqbatch query "SELECT * FROM {result.name}__errors"',
            )
