"""What runs of a prompt left open, by whatever process: taken up, cancelled, or only collected.

Where a run stands is in the log, and what it asks is in its tables: no prompt file is needed to go on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bqbatch import sqlfiles
from bqbatch.errors import BqbatchError, WarehouseError
from bqbatch.money import DEFAULT_MAX_COST
from bqbatch.names import Dataset, run_of
from bqbatch.prices import Price
from bqbatch.project import Target
from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.source import File
from bqbatch.run.budget import Budget
from bqbatch.run.collector import Collector
from bqbatch.run.flight import Flight, Stuck, find, span_of, together
from bqbatch.run.ledger import Claim
from bqbatch.run.publisher import Publisher
from bqbatch.run.result import RunResult
from bqbatch.run.script import DEFAULT_ATTEMPTS, Script
from bqbatch.run.shards import Shards
from bqbatch.run.watcher import Watcher
from bqbatch.services import BatchService, Job, JobState
from bqbatch.warehouses import Warehouse

Row = dict[str, Any]
ServiceOf = Callable[[Script], BatchService]
"""The service that a run asked, by what the log tells of it."""


@dataclass(frozen=True, slots=True)
class OpenRuns:
    """The open runs of one prompt; `claim` is held while something is done with them."""

    warehouse: Warehouse
    service_of: ServiceOf
    watcher: Watcher
    claim: Claim
    target: Target

    @property
    def dataset(self) -> Dataset:
        return self.claim.objects.dataset

    @property
    def prompt(self) -> str:
        return self.claim.objects.prompt

    def settle(self) -> None:
        """Brings home what is in the air, then closes the runs: what they did not send is left to a new run."""
        for script, row, jobs in self._uncollected():
            flight = self._flight(script, row, closing=True)
            with together(self.warehouse, flight.service):
                flight.flying.extend(self._found(flight, jobs))
                for job in list(flight.flying):
                    self.watcher.note(f"collecting what run {job.run_id} left behind")
                    if flight.service.poll(job).state == JobState.PAUSED:
                        flight.service.cancel(job)
                        flight.land(job, JobState.CANCELLED)
            flight.fly()
            if not flight.paused:
                self._sweep(script)
        with self.warehouse.step():
            for script, _ in self._open():
                self._close(script)

    def resume(self) -> Iterator[RunResult]:
        """Brings every open run to its end; one that had not yet read its source is closed, and asked nothing."""
        for script, row in self._open():
            if row["max_cost"] is None:
                self.watcher.note(f"run {script.run_id} was stopped before it asked anything: run the prompt again")
                self._close(script)
                continue
            flight = self._flight(script, row)
            try:
                with together(self.warehouse, flight.service):
                    flight.take_up()
                flight.fly()
                with self.warehouse.step():
                    result = self._published(flight)
            except BqbatchError as error:
                with contextlib.suppress(WarehouseError):
                    halted = script.ledger.event("halted", nth=self.claim.ledger.run_id, message=str(error))
                    self.warehouse.execute(halted)
                raise
            yield result

    def cancel(self) -> Iterator[RunResult]:
        """Stops the jobs of every open run, brings home what was answered, and publishes it."""
        for script, row in self._open():
            if row["max_cost"] is None:
                self._close(script)
                continue
            flight = self._flight(script, row)
            with together(self.warehouse, flight.service):
                flight.take_up()
                flight.abort()
                yield self._published(flight)

    def cancel_jobs(self) -> list[Job]:
        """Stops the jobs of every open run and leaves the rest to the process that holds the claim."""
        cancelled: list[Job] = []
        for script, _, jobs in self._uncollected():
            service = self.service_of(script)
            for job in jobs:
                if find(service, job):
                    service.cancel(job)
                    cancelled.append(job)
        return cancelled

    def collect(self) -> Iterator[tuple[Job, JobState]]:
        """Brings home the answers of jobs that are over, waits for none, and tells the state of each job."""
        for script, _, jobs in self._uncollected():
            service = self.service_of(script)
            collector = Collector(self.warehouse, service, self.watcher, self.claim.ledger.run_id)
            with together(self.warehouse, service):
                for job in jobs:
                    if find(service, job) is None:
                        continue
                    status = service.poll(job)
                    if not status.state.moving:
                        collector.collect(script, job, status.state, again=service.in_process or None)
                    yield job, status.state

    def _open(self) -> list[tuple[Script, Row]]:
        """The open runs but the one that holds the claim, with what each planned: a `max_cost` of None before it did."""
        sql = sqlfiles.render("ledger/open_runs", runs=self.dataset.runs)
        rows = self.warehouse.read(sql, {"prompt": self.prompt})
        mine = self.claim.ledger.run_id
        return [(self._script(row), row) for row in rows if row["run_id"] != mine]

    def _uncollected(self) -> list[tuple[Script, Row, list[Job]]]:
        """The jobs that may have answers nobody has collected, by run, with what the run planned."""
        sql = sqlfiles.render("ledger/uncollected", jobs=self.dataset.jobs, runs=self.dataset.runs)
        found: dict[str, tuple[Script, Row, list[Job]]] = {}
        for row in self.warehouse.read(sql, {"prompt": self.prompt}):
            script, _, jobs = found.setdefault(row["run_id"], (self._script(row), row, []))
            span = span_of(row | {"requests": row["sent_requests"], "estimated_input_tokens": row["sent_input_tokens"]})
            jobs.append(script.job(span, row["shard"], row["attempt"], row["job"]))
        return list(found.values())

    def _found(self, flight: Flight, jobs: list[Job]) -> Iterator[Job]:
        """Those jobs that the service has; the others are closed."""
        for job in jobs:
            if self.warehouse.describe(job.requests) and find(flight.service, job):
                yield job
            else:
                flight.collector.collect_nothing(flight.script, job)

    def _flight(self, script: Script, row: Row, *, closing: bool = False) -> Flight:
        cap, ratio = row["max_cost"] or DEFAULT_MAX_COST, row["ratio"] or Decimal(1)
        budget = Budget.of(self.target, script.model, cap, ratio)
        waiting = Shards(script, self.warehouse, budget, row["requests"] or 0, row["estimated_input_tokens"] or 0)
        if closing:
            waiting.drop()
        return Flight(
            script, self.warehouse, self.service_of(script), self.watcher, self.claim, waiting,
            self.target.in_flight, Stuck.of(self.target), closing,
        )  # fmt: skip

    def _close(self, script: Script) -> None:
        self._sweep(script)
        self.warehouse.execute(script.ledger.event("settled", by=self.claim.ledger.run_id))

    def _published(self, flight: Flight) -> RunResult:
        if not flight.paused:  # before the run is finished: nobody looks at it after
            self._sweep(flight.script, keep=(flight.script.work.rows, flight.script.work.queue))
        publisher = Publisher(self.warehouse, self.watcher, self.target.name)
        return publisher.publish(
            flight.script, flight.requests, left_open=bool(flight.paused), over_cap=flight.over_cap
        )

    def _sweep(self, script: Script, keep: tuple[str, ...] = ()) -> None:
        """Drops what is left of a run's working tables: one may have been made and not sent, or collected and not dropped."""
        for table in self.warehouse.list_tables(self.dataset):
            if run_of(table) == script.run_id and self.dataset.of(table) not in keep:
                drop = f"DROP TABLE IF EXISTS {self.dataset.of(table)}"
                self.warehouse.execute(script.ledger.statement(f"sweep_{table}_{self.claim.ledger.run_id}", drop))

    def _script(self, row: Row) -> Script:
        return script_of(self.dataset, self.prompt, row)


def script_of(dataset: Dataset, prompt: str, row: Row) -> Script:
    """The script of a run, as the log tells of it."""
    ddl = row["output"]
    output = parse_output(ddl, File("", ddl, Path()).place) if ddl else ()
    return Script(
        prompt, dataset, row["run_id"], output, row["model"] or "", row["max_attempts"] or DEFAULT_ATTEMPTS,
        row["shard_size"], Price.of_json(row["price"]), bool(row["online"]),
    )  # fmt: skip
