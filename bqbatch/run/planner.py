"""The working rows and the queue of a run, and what they are expected to take: before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bqbatch import sqlfiles
from bqbatch.errors import Interrupted
from bqbatch.prices import Price
from bqbatch.project import Project
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.prompt.lengths import expected_output
from bqbatch.run.budget import Budget
from bqbatch.run.ownership import check_objects, file_of
from bqbatch.run.plan import Plan, Range
from bqbatch.run.rehearsal import past_of
from bqbatch.run.script import Build, Script
from bqbatch.run.shards import Shards
from bqbatch.run.source import Source
from bqbatch.run.watcher import Watcher
from bqbatch.run.ways import Ways
from bqbatch.services.developer.limits import BATCH_HOURS
from bqbatch.warehouses import Warehouse

_NO_EVIDENCE: Mapping[str, Any] = {"samples": 0, "output_likely": None, "thoughts_likely": None}


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans runs of a compiled prompt; `online` is what asking without a batch would cost.

    `retry` names outcomes that are asked again; of what is to be asked, a `sample` of so many is left, or all (0).
    """

    project: Project
    prompt: CompiledPrompt
    warehouse: Warehouse
    watcher: Watcher
    limit: int = 0
    full_refresh: bool = False
    allow_partial: bool = False
    online: Price | None = None
    retry: tuple[str, ...] = ()
    sample: int = 0

    def plan_only(self, script: Script) -> Plan:
        """The plan of a run that is not begun. Of its tables stay those that every run appends to."""
        try:
            with self.warehouse.step():
                self.warehouse.execute(*script.ledger.setup())
                check_objects(self.project, self.prompt, self.warehouse, script.objects)
                self.warehouse.execute(*script.accounts())
                try:
                    return self.plan(script, ways=True)
                finally:
                    self.warehouse.execute(script.drop_rows(), script.drop_queue())
        except KeyboardInterrupt:
            raise Interrupted("stopped; nothing was asked") from None

    def begin(self, script: Script, max_cost: Decimal | None, **more: Any) -> Plan:
        """The plan of a run that begins: the log has that it started, and what is planned. `more` is told of the start."""
        started = script.ledger.event(
            "started", file=file_of(self.project, self.prompt), target=self.project.target.name, model=script.model,
            digest=self.prompt.digest, output=self.prompt.output_ddl, limit=self.limit, full_refresh=self.full_refresh,
            retry=self.retry, max_attempts=script.max_attempts, shard_size=script.shard_size,
            price=script.price.as_json(), online=script.online, **more,
        )  # fmt: skip
        self.warehouse.execute(started, *script.accounts())
        plan = self.plan(script)
        self.warehouse.execute(script.ledger.event("planned", **plan.logged(max_cost)))
        return plan

    def plan(self, script: Script, *, ways: bool = False) -> Plan:
        """Runs the source into the run's working rows and its queue, and counts there.

        The log and the prompt's append-only tables are there. `ways` to pay less take queries of their own.
        """
        self.watcher.step("reading the source")
        source = Source(self.prompt, self.warehouse, self.watcher)
        columns, read = source.build(script, allow_partial=self.allow_partial)
        build = Build(self.prompt, script, columns, self.limit, self.full_refresh, self.retry)
        self.warehouse.execute(build.queue(), *([build.sample(self.sample)] if self.sample else []))
        [counts] = self.warehouse.read(build.counts())
        source.note_skipped(script, counts["row_count"], counts["skipped"])
        plan = self._plan(script, counts, read)
        if ways:
            form = self.prompt.form(columns)
            plan = replace(plan, ways=Ways(self.project, self.prompt, self.warehouse, script, plan, form).found())
        return plan

    def _plan(self, script: Script, counts: Mapping[str, Any], read: int | None) -> Plan:
        price, to_ask, past = script.price, counts["to_ask"], past_of(self.warehouse, script.dataset)
        ratio = self._ratio(script, past)
        input_tokens = round(counts["input_tokens"] * ratio)
        evidence = self._evidence(script, ratio, past) if to_ask and counts["answers"] else _NO_EVIDENCE
        known = price.input is not None
        cost: Range[Decimal] | None = None
        tells = evidence["output_likely"] is not None
        if tells:
            output = Range(evidence["output_low"], evidence["output_likely"], evidence["output_high"])
            if known:
                cost = Range(evidence["usd_low"], evidence["usd_likely"], evidence["usd_high"])
        else:
            most = counts["most_output_tokens"] // max(1, to_ask)
            one = expected_output(self.prompt.output, self.prompt.settings, script.model, most)
            output = Range(int(one.low) * to_ask, int(one.likely) * to_ask, int(one.high) * to_ask)
            if known:
                cost = Range(
                    *(_usd(price, input_tokens, tokens) for tokens in (output.low, output.likely, output.high))
                )
        budget = Budget.of(self.project.target, script.model, Decimal(0), ratio)
        worst = _usd(price, counts["input_tokens"] * budget.padded, counts["most_output_tokens"]) if known else None
        online = self.online and self.online.input is not None and _usd(self.online, input_tokens, output.likely)
        shards = Shards(script, self.warehouse, budget, to_ask, counts["input_tokens"]).expected
        turns = budget.turns(counts["input_tokens"])
        seconds = self._seconds(script, max(turns or 0, -(-shards // self.project.target.in_flight)), to_ask, past)
        return Plan(
            name=script.prompt, target=self.project.target.name, model=script.model, rows=counts["row_count"],
            skipped=counts["skipped"], requests=counts["distinct_requests"], answered=counts["answered"], to_ask=to_ask,
            input_tokens=input_tokens, estimated_input_tokens=counts["input_tokens"], ratio=ratio, output_tokens=output,
            cost_usd=cost, most_output_tokens=counts["most_output_tokens"], worst_usd=worst, online_usd=online or None,
            bytes=read, shards=shards, seconds=seconds,
            samples=evidence["samples"] if tells else 0, thoughts=evidence["thoughts_likely"],
            longest=evidence["longest"] if tells else None,
            enqueued_tokens=budget.tokens, turns=turns, days=_days(turns, seconds),
        )  # fmt: skip

    def _ratio(self, script: Script, past: Mapping[str, str]) -> Decimal:
        """What this model counted of late for an estimated token of input; 1 where nobody knows."""
        sql = sqlfiles.render("plan/calibration", **past)
        [row] = self.warehouse.read(sql, {"model": script.model})
        return Decimal(row["ratio"]) if row["ratio"] is not None else Decimal(1)

    def _evidence(self, script: Script, ratio: Decimal, past: Mapping[str, str]) -> Mapping[str, Any]:
        [row] = self.warehouse.read(sqlfiles.render(
            "plan/interval", queue=script.work.queue, answers=script.objects.answers, rows=script.work.rows,
            runs=past["runs"], model=script.model, input_price=_sql(script.price.input),
            output_price=_sql(script.price.output), ratio=f"{ratio:f}",
        ))  # fmt: skip
        return row

    def _seconds(self, script: Script, turns: int, to_ask: int, past: Mapping[str, str]) -> int | None:
        """How long it may take, as far as the log knows: of batches in so many turns; of one here, by its requests."""
        sql = sqlfiles.render("ledger/pace", **past)
        [pace] = self.warehouse.read(sql, {"model": script.model})
        if not pace["jobs"]:
            return None
        if script.shard_size is None:
            return int(pace["for_a_request"] * to_ask)
        return int(pace["usual"]) * turns


def _days(turns: int | None, seconds: int | None) -> float | None:
    """How many days so many turns take: by what they took of late, else by what Google aims at."""
    if not turns:
        return None
    return round((seconds if seconds is not None else turns * BATCH_HOURS * 3600) / 86_400, 1)


def _sql(usd: Decimal | None) -> str:
    return "NULL" if usd is None else f"{usd:f}"


def _usd(price: Price, input_tokens: int | Decimal, output_tokens: int) -> Decimal:
    usd = price.usd(input_tokens, output_tokens)
    assert usd is not None
    return usd
