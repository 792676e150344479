"""The answers of one job brought home, exactly once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bqbatch import sqlfiles
from bqbatch.errors import RunError
from bqbatch.run.script import Script, first
from bqbatch.run.watcher import Watcher
from bqbatch.services import BatchService, Job, JobState
from bqbatch.warehouses import Statement, Warehouse


@dataclass(frozen=True, slots=True)
class Home:
    """What came home of a job: whether any answer did, and whether what did not is for the shard's next attempt."""

    again: bool
    answered: bool
    cost_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Collector:
    """Brings answers home. `by` is the run, or the command, that does so."""

    warehouse: Warehouse
    service: BatchService
    watcher: Watcher
    by: str

    def collect(self, script: Script, job: Job, state: JobState, *, again: bool | None = None) -> Home:
        """Brings a job's answers home; those of a paused one so far, as it stays open: a later run looks at it again.

        Unless `again` says, the next attempt is for what a job left open that expired, or that failed after it answered
        something.
        """
        table = self.service.collect(job)
        if table is None:
            self.watcher.note(f"{job.name} left no response table")
            home = Home(again=state == JobState.EXPIRED if again is None else again, answered=False)
            return self._closed(script, job, state, home)
        self.watcher.step("reading the answers")
        job = replace(job, responses=table)
        read = replace(job, responses=self._readable(table))
        unasked = list(
            self.warehouse.read(first("response_was_not_asked", requests=job.requests, responses=read.responses))
        )
        if unasked:
            self.watcher.note(f"{unasked[0]['wrong']:,} responses have a key that was not asked; they are left out")
        over = state != JobState.PAUSED
        bring_home = script.collect(read, complete=state.complete, by="" if over else self.by)
        home = Home(again=bool(again), answered=True)
        if again is None and state in (JobState.FAILED, JobState.EXPIRED):
            self.warehouse.execute(bring_home)
            home = self._counted(job, state)
        return self._closed(script, job, state, home, bring_home)

    def _closed(self, script: Script, job: Job, state: JobState, home: Home, *bring_home: Statement) -> Home:
        if state == JobState.PAUSED:
            self.warehouse.execute(*bring_home)
            return Home(again=False, answered=home.answered)
        if job.attempt >= script.max_attempts and not self.service.in_process:
            home = replace(home, again=False)
        self.warehouse.execute(*bring_home)
        sql = sqlfiles.render("usage/run", answers=job.answers, run_id=job.run_id, job=job.name)
        [used] = self.warehouse.read(sql)
        home = replace(home, cost_usd=used["cost_usd"] or Decimal(0))
        counted = {name: used[name] for name in ("answered", "input_tokens", "output_tokens", "cost_usd")}
        self.warehouse.execute(self._collected(script, job, state.value, again=home.again, **counted))
        if state.complete and home.answered:
            self._check(job)
        self.warehouse.execute(*script.drop_job(job))
        return home

    def collect_nothing(self, script: Script, job: Job, state: str = "NEVER_STARTED", *, again: bool = False) -> None:
        """Closes a job that the service never had; `again` leaves its requests to the shard's next attempt."""
        self.warehouse.execute(self._collected(script, job, state, again=again), *script.drop_job(job))

    def _collected(self, script: Script, job: Job, state: str, *, again: bool = False, **counted: Any) -> Statement:
        return script.ledger.event("collected", job.shard, job.attempt, state=state, again=again, **counted)

    def _counted(self, job: Job, state: JobState) -> Home:
        sql = sqlfiles.render("responses/answered", requests=job.requests, answers=job.answers, job=job.name)
        [row] = self.warehouse.read(sql)
        some = row["answered"] > 0
        return Home(again=row["answered"] < row["requests"] and (some or state == JobState.EXPIRED), answered=some)

    def _check(self, job: Job) -> None:
        wrong = list(self.warehouse.read(
            first("request_has_other_than_one_outcome", requests=job.requests, answers=job.answers, job=job.name)))  # fmt: skip
        if wrong:
            raise RunError(
                f"{wrong[0]['wrong']:,} requests of {job.name} do not have exactly one outcome, such as {wrong[0]['key']}",
                f"this is a defect of bqbatch; the tables are kept: {job.requests}, {job.responses}",
            )

    def _readable(self, table: str) -> str:
        """What the answers are read from. Raises RunError where a table is no response table."""
        there = self.warehouse.describe(table)
        types = {column.name: column.type for column in there.columns} if there else {}
        lacking = [name for name in ("key", "response", "status", "processed_time") if name not in types]
        if lacking:
            raise RunError(
                f"the response table {table.strip('`')} has no column `{lacking[0]}`",
                "it is kept, and nothing of it was read. Did somebody change it? Drop it, and `bqbatch resume` goes on without it",
            )
        return table if types["response"] == "JSON" else f"(\n{sqlfiles.render('responses/read', responses=table)}\n)"
