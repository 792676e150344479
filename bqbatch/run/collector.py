"""Answers brought home: those of a job that is over, and what runs that did not end left behind."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.errors import BqbatchError, RunError
from bqbatch.names import RunObjects
from bqbatch.prompt.output import OutputColumn
from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.source import File
from bqbatch.run.ledger import Ledger
from bqbatch.run.script import Script, collect, drop_job, first
from bqbatch.run.watcher import Watcher
from bqbatch.services import BatchService, Job, JobState
from bqbatch.warehouses import Result, Warehouse


@dataclass(frozen=True, slots=True)
class Collector:
    """Brings answers home, exactly once each."""

    warehouse: Warehouse
    service: BatchService
    watcher: Watcher

    def collect(
        self, script: Script, job: Job, output: tuple[OutputColumn, ...], state: JobState, model: str = ""
    ) -> None:
        """Brings a job's answers home. A paused job stays open: a later run looks at it again."""
        ledger = Ledger(script.dataset, job.run_id, script.prompt.name)
        place = {"shard": job.shard, "attempt": job.attempt}
        table = self.service.collect(job)
        over = state != JobState.PAUSED
        events = [ledger.event("collected", **place, state=state.value)] if over else []
        if table is None:
            self.watcher.note(f"{job.name} left no response table; the next run asks its requests again")
            self.warehouse.execute(*events, *(drop_job(script.ledger, job) if over else ()))
            return
        self.watcher.step("reading the answers")
        job = replace(job, responses=table)
        read = replace(job, responses=self._readable(table))
        unasked = list(
            self.warehouse.read(first("response_was_not_asked", requests=job.requests, responses=read.responses))
        )
        if unasked:
            self.watcher.note(f"{unasked[0]['wrong']:,} responses have a key that was not asked; they are left out")
        self.warehouse.execute(
            collect(script.ledger, read, output, model or script.model, complete=state.complete, price=script.price),
            *events,
        )
        if state.complete:
            wrong = list(self.warehouse.read(
                first("request_has_other_than_one_outcome", requests=job.requests, answers=job.answers, job=job.name)))  # fmt: skip
            if wrong:
                raise RunError(
                    f"{wrong[0]['wrong']:,} requests of {job.name} do not have exactly one outcome, such as {wrong[0]['key']}",
                    f"this is a defect of bqbatch; the tables are kept: {job.requests}, {table}",
                )
        if over:
            self.warehouse.execute(*drop_job(script.ledger, job))

    def settle(self, script: Script) -> None:
        """Collects the jobs nobody collected, then closes the runs that did not end."""
        for row in self._uncollected(script):
            work = RunObjects(script.dataset, row["run_id"])
            requests, responses = (
                work.requests(row["shard"], row["attempt"]),
                work.responses(row["shard"], row["attempt"]),
            )
            job = Job(row["run_id"], script.prompt.name, row["shard"], row["attempt"], requests, responses,
                      script.objects.answers)  # fmt: skip
            found = self._found(job, row["age_seconds"]) if self.warehouse.describe(requests) else None
            if found is None:
                self._collect_nothing(script, job)
                continue
            status = self.service.poll(job)
            if status.state.moving or status.state == JobState.PAUSED:
                self.service.cancel(job)
                status = replace(status, state=JobState.CANCELLED)
            self.watcher.note(f"collecting what run {job.run_id} left behind")
            self.collect(script, job, _read_output(row["output"]), status.state, row["model"])
        open_runs = self.warehouse.read(
            sqlfiles.render("ledger/open_runs", runs=script.dataset.runs), {"prompt": script.prompt.name}
        )
        for row in open_runs:
            if row["run_id"] == script.run_id:
                continue
            ledger = Ledger(script.dataset, row["run_id"], script.prompt.name)
            left = Script(script.prompt, script.dataset, row["run_id"], (), script.model)
            # All its jobs are collected: a table of one was built and not asked, or collected and not yet dropped.
            self.warehouse.execute(
                left.drop_rows(), *drop_job(script.ledger, left.job()), ledger.event("settled", by=script.run_id)
            )

    def _found(self, job: Job, age: float) -> str | None:
        """The service's name for a job; one that was sent a moment ago may need a while to come to light."""
        end = time.monotonic() + self.service.settle_seconds - age
        while (found := self.service.find(job)) is None and time.monotonic() < end:
            time.sleep(self.service.poll_seconds)
        return found

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

    def give_up(self, script: Script, error: BqbatchError) -> None:
        """Logs that the run failed; what it leaves is what the next run has to collect."""
        self.warehouse.execute(script.ledger.event("failed", message=str(error)), script.drop_rows())
        if script.run_id not in {row["run_id"] for row in self._uncollected(script)}:
            self.warehouse.execute(*drop_job(script.ledger, script.job()))

    def _uncollected(self, script: Script) -> Result:
        sql = sqlfiles.render("ledger/uncollected", jobs=script.dataset.jobs, runs=script.dataset.runs)
        return self.warehouse.read(sql, {"prompt": script.prompt.name})

    def _collect_nothing(self, script: Script, job: Job) -> None:
        ledger = Ledger(script.dataset, job.run_id, script.prompt.name)
        self.warehouse.execute(
            ledger.event("collected", shard=job.shard, attempt=job.attempt, state="NEVER_STARTED"),
            *drop_job(script.ledger, job),
        )


def _read_output(ddl: str | None) -> tuple[OutputColumn, ...]:
    return parse_output(ddl, File("", ddl, Path()).place) if ddl else ()
