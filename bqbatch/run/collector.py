"""The answers of one job brought home, exactly once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bqbatch import sqlfiles
from bqbatch.errors import RunError
from bqbatch.run.script import Script, first
from bqbatch.run.watcher import Watcher
from bqbatch.services import BatchService, Job, JobState
from bqbatch.warehouses import Statement, Warehouse


@dataclass(frozen=True, slots=True)
class Collector:
    """Brings answers home. `by` is the run, or the command, that does so."""

    warehouse: Warehouse
    service: BatchService
    watcher: Watcher
    by: str

    def collect(self, script: Script, job: Job, state: JobState, *, again: bool | None = None) -> bool:
        """Brings a job's answers home; those of a paused one so far, as it stays open: a later run looks at it again.

        Returns whether what has no answer yet is for the shard's next attempt. That is so, unless `again` says, for a job
        that expired, or that failed after it answered something.
        """
        over = state != JobState.PAUSED
        table = self.service.collect(job)
        may = state in (JobState.FAILED, JobState.EXPIRED) and job.attempt < script.max_attempts
        if table is None:
            again = (may and state == JobState.EXPIRED) if again is None else again
            if over:
                self.warehouse.execute(self._collected(script, job, state.value, again=again), *script.drop_job(job))
            return again
        self.watcher.step("reading the answers")
        job = replace(job, responses=table)
        read = replace(job, responses=self._readable(table))
        unasked = list(
            self.warehouse.read(first("response_was_not_asked", requests=job.requests, responses=read.responses))
        )
        if unasked:
            self.watcher.note(f"{unasked[0]['wrong']:,} responses have a key that was not asked; they are left out")
        bring_home = script.collect(read, complete=state.complete, by="" if over else self.by)
        if not over:
            self.warehouse.execute(bring_home)
            return False
        if again is None and may:
            self.warehouse.execute(bring_home)
            requests, answered = self._answered(job)
            again = answered < requests and (answered > 0 or state == JobState.EXPIRED)
        self.warehouse.execute(bring_home, self._collected(script, job, state.value, again=bool(again)))
        if state.complete:
            self._check(job)
        self.warehouse.execute(*script.drop_job(job))
        return bool(again)

    def collect_nothing(self, script: Script, job: Job) -> None:
        """Closes a job that the service never had."""
        self.warehouse.execute(self._collected(script, job, "NEVER_STARTED"), *script.drop_job(job))

    def _collected(self, script: Script, job: Job, state: str, *, again: bool = False) -> Statement:
        return script.ledger.event("collected", job.shard, job.attempt, state=state, again=again)

    def _answered(self, job: Job) -> tuple[int, int]:
        """How many requests a job had, and how many of them it answered."""
        sql = sqlfiles.render("responses/answered", requests=job.requests, answers=job.answers, job=job.name)
        [row] = self.warehouse.read(sql)
        return row["requests"], row["answered"]

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
                "it is kept; nothing of it was read. Did somebody change it?",
            )
        return table if types["response"] == "JSON" else f"(\n{sqlfiles.render('responses/read', responses=table)}\n)"
