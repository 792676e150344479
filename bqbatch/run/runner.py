"""One run of one prompt: build, ask, collect, publish.

Kill the process at any point: answers that were stored are never asked again. `resume` brings the run to its end, and
a new run first brings home what earlier ones left behind. Readers are not disturbed: only publish changes what they see.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bqbatch import sqlfiles
from bqbatch.errors import BqbatchError, Interrupted, RunError, WarehouseError
from bqbatch.names import PromptObjects
from bqbatch.prices import FREE, Price
from bqbatch.project import Project
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.run.flight import Flight, Stuck
from bqbatch.run.ledger import Claim, new_run_id
from bqbatch.run.open_runs import OpenRuns
from bqbatch.run.publisher import Publisher
from bqbatch.run.result import Detached, RunResult
from bqbatch.run.script import DEFAULT_ATTEMPTS, LABEL, Build, Script
from bqbatch.run.source import Source
from bqbatch.run.watcher import Watcher
from bqbatch.services import BatchService
from bqbatch.services.models import MOST_OUTPUT_TOKENS
from bqbatch.warehouses import Warehouse

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs a compiled prompt on a warehouse and a service. `retry` names outcomes that are asked again."""

    project: Project
    prompt: CompiledPrompt
    warehouse: Warehouse
    service: BatchService
    watcher: Watcher
    limit: int = 0
    full_refresh: bool = False
    allow_partial: bool = False
    price: Price = FREE
    retry: tuple[str, ...] = ()

    def run(self) -> RunResult:
        """The result of one run. Raises RunError, PromptError or WarehouseError; nothing that was answered is lost."""
        return self._begun(self._to_its_end)

    def detach(self) -> Detached | RunResult:
        """A run that has read its source and sent its first jobs, and goes on without this process.

        One that has nothing to ask ends at once.
        """
        return self._begun(self._sent)

    def _begun(self, go_on: Callable[[Flight], _T]) -> _T:
        script = Script(
            self.prompt.name, self.project.target.dataset, new_run_id(), self.prompt.output, self.service.model,
            self.prompt.settings.max_attempts or DEFAULT_ATTEMPTS, self.project.target.shard_size, self.price,
        )  # fmt: skip
        claim, target = Claim(self.warehouse, script.objects, script.ledger), self.project.target
        try:
            with self.warehouse.step():
                self.warehouse.execute(*script.ledger.setup())
                self._check_objects(script.objects)
                claim.take()
            try:
                self._earlier(claim).settle()
                with self.warehouse.step():
                    to_ask = self._build(script)
                flight = Flight(
                    script,
                    self.warehouse,
                    self.service,
                    self.watcher,
                    claim,
                    to_ask,
                    target.in_flight,
                    Stuck.of(target),
                )
                flight.take_off()
                return go_on(flight)
            except BqbatchError as error:
                with contextlib.suppress(WarehouseError):
                    self._give_up(script, error)
                raise
            finally:
                with contextlib.suppress(WarehouseError, KeyboardInterrupt):
                    claim.release()
        except KeyboardInterrupt:
            raise interrupted(self.prompt.path, in_process=self.service.in_process) from None

    def _to_its_end(self, flight: Flight) -> RunResult:
        flight.fly()
        with self.warehouse.step():
            publisher = Publisher(self.warehouse, self.watcher, self.project.target.name)
            return publisher.publish(flight.script, flight.requests, left_open=bool(flight.paused))

    def _sent(self, flight: Flight) -> Detached | RunResult:
        if not flight.requests:
            return self._to_its_end(flight)
        flight.release()
        sent = tuple(job.name for job in flight.flying)
        script = flight.script
        return Detached(
            script.run_id, script.prompt, self.project.target.name, script.model, flight.requests, flight.shards, sent
        )

    def _earlier(self, claim: Claim) -> OpenRuns:
        return OpenRuns(
            self.warehouse, lambda _model, _output: self.service, self.watcher, claim, self.project.target,
        )  # fmt: skip

    def _build(self, script: Script) -> int:
        """Runs the source into the working rows and the queue; returns how many requests are to be asked."""
        ledger = script.ledger
        self.warehouse.execute(
            ledger.event(
                "started", file=self._file(), target=self.project.target.name, model=script.model,
                digest=self.prompt.digest, output=self.prompt.output_ddl, limit=self.limit,
                full_refresh=self.full_refresh, retry=self.retry, max_attempts=script.max_attempts,
                shard_size=script.shard_size, price=script.price.as_json(),
            ),
            *script.accounts(),
        )  # fmt: skip
        self.watcher.step("reading the source")
        source = Source(self.prompt, self.warehouse, self.watcher)
        columns = source.build(script, allow_partial=self.allow_partial)
        build = Build(self.prompt, script, columns, self.limit, self.full_refresh, self.retry)
        self.warehouse.execute(build.queue())
        counts = next(iter(self.warehouse.read(
            sqlfiles.render("requests/counts", rows=script.work.rows, queue=script.work.queue))))  # fmt: skip
        self.warehouse.execute(ledger.event(
            "built", rows=counts["row_count"], skipped=counts["skipped"], requests=counts["to_ask"],
            distinct_requests=counts["distinct_requests"]))  # fmt: skip
        source.note_skipped(script, counts["row_count"], counts["skipped"])
        self._note_missing_cap(script, counts["to_ask"], columns)
        return int(counts["to_ask"])

    def _note_missing_cap(self, script: Script, requests: int, columns: tuple[str, ...]) -> None:
        """Says what answers may cost at most that are as long as the model can make them."""
        capped = "maxOutputTokens" in self.prompt.envelope.closing_sent or self.prompt.form(columns) == "request"
        if not capped and requests and script.price.output:
            usd = requests * MOST_OUTPUT_TOKENS * script.price.output / 1_000_000
            self.watcher.note(
                f"max_output_tokens is not set: {requests:,} answers of up to {MOST_OUTPUT_TOKENS:,} tokens cost ${usd:,.2f} "
                "at the worst"
            )

    def _give_up(self, script: Script, error: BqbatchError) -> None:
        """Logs what went wrong. A run that sent something stays open: `resume` goes on with it."""
        jobs = sqlfiles.render("ledger/shards", jobs=script.dataset.jobs)
        if self.warehouse.read(jobs, {"run_id": script.run_id}).rows:
            self.warehouse.execute(script.ledger.event("halted", message=str(error)))
        else:
            event = script.ledger.event("failed", message=str(error))
            self.warehouse.execute(event, script.drop_rows(), script.drop_queue())

    # What must not be taken from others.

    def _check_objects(self, name: PromptObjects) -> None:
        """Raises RunError where an object of this name is not this prompt's own."""
        for table in (name.view, name.rows, name.answers, name.keys, name.errors, name.usage):
            there = self.warehouse.describe(table)
            if there and there.labels.get(LABEL) != self.prompt.name:
                raise RunError(
                    f"{table.strip('`')} is there and was not made by bqbatch for this prompt",
                    "it is left alone; rename the prompt with config(name='…'), or drop the object",
                )
        latest = next(iter(self.warehouse.read(
            sqlfiles.render("ledger/latest", runs=name.dataset.runs), {"prompt": self.prompt.name})), None)  # fmt: skip
        if latest and latest["file"] != self._file() and (self.project.root / latest["file"]).is_file():
            raise RunError(
                f"two prompts are named `{self.prompt.name}`: {self.prompt.path} and {latest['file']}",
                "name one of them otherwise: {{ config(name = '…') }}",
            )

    def _file(self) -> str:
        """The prompt file's path in the project: the same from whatever folder it is run."""
        path = Path(self.prompt.path).resolve()
        return str(path.relative_to(self.project.root) if path.is_relative_to(self.project.root) else path)


def interrupted(file: str, *, in_process: bool) -> Interrupted:
    """What Ctrl-C comes to: jobs that live in this process stopped with it, others go on."""
    name = shlex.quote(file) if file else ""
    if in_process:
        return Interrupted("stopped; what was answered is stored", f"go on with: bqbatch run {name or 'FILE'}")
    return Interrupted(
        "stopped watching; what was sent goes on, and is paid for",
        f"bqbatch resume {name} waits for the answers, bqbatch cancel {name} ends it and keeps what was answered",
    )
