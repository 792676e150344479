"""One run of one prompt: build, ask, collect, publish.

Kill the process at any point: answers that were stored are never asked again, and the next run first brings home
what earlier ones left behind (`settle`). Readers are not disturbed: only publish changes what they see.
"""

from __future__ import annotations

import contextlib
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.errors import BqbatchError, Interrupted, RunError, WarehouseError
from bqbatch.names import PromptObjects
from bqbatch.project import Project
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.run.collector import Collector
from bqbatch.run.descriptions import descriptions
from bqbatch.run.ledger import Claim, new_run_id
from bqbatch.run.result import RunResult
from bqbatch.run.script import FREE, LABEL, Price, Script, drop_job, first
from bqbatch.run.source import Source, key_text
from bqbatch.run.watcher import Watcher
from bqbatch.services import BatchService, Job, JobState
from bqbatch.warehouses import Warehouse

_RENEW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs a compiled prompt on a warehouse and a service."""

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

    @property
    def _source(self) -> Source:
        return Source(self.prompt, self.warehouse, self.watcher)

    @property
    def _collector(self) -> Collector:
        return Collector(self.warehouse, self.service, self.watcher)

    def run(self) -> RunResult:
        """The result of one run. Raises RunError, PromptError or WarehouseError; nothing that was answered is lost."""
        try:
            return self._run()
        except KeyboardInterrupt:
            raise Interrupted(
                "stopped; what was answered is stored", f"go on with: bqbatch run {shlex.quote(self.prompt.path)}"
            ) from None

    def _run(self) -> RunResult:
        script = Script(
            self.prompt, self.project.target.dataset, new_run_id(), self.prompt.columns or ("key", "prompt"),
            self.service.model, self.limit, self.full_refresh, self.price, self.retry,
        )  # fmt: skip
        claim = Claim(self.warehouse, script.objects, script.ledger)
        with self.warehouse.step():
            self.warehouse.execute(*script.ledger.setup())
            self._check_objects(script.objects)
            claim.take()
        try:
            with self.warehouse.step():
                self._collector.settle(script)
            with self.warehouse.step():
                script, to_ask = self._build(script)
            if to_ask:
                self._ask(script, to_ask, claim)
            with self.warehouse.step():
                return self._publish(script, to_ask)
        except BqbatchError as error:
            with contextlib.suppress(WarehouseError):
                self._collector.give_up(script, error)
            raise
        finally:
            with contextlib.suppress(WarehouseError, KeyboardInterrupt):
                claim.release()

    def _build(self, script: Script) -> tuple[Script, int]:
        """Runs the source into the working rows; returns the script that knows its columns, and what is to be asked."""
        ledger = script.ledger
        self.warehouse.execute(
            ledger.event(
                "started", file=self._file(), target=self.project.target.name, model=script.model,
                digest=self.prompt.digest, output=self.prompt.output_ddl, limit=self.limit,
                full_refresh=self.full_refresh, retry=self.retry,
            ),
            *script.accounts(),
        )  # fmt: skip
        self.watcher.step("reading the source")
        script = self._source.build(script, allow_partial=self.allow_partial)
        job = script.job()
        self.warehouse.execute(script.requests(job))
        counts = next(iter(self.warehouse.read(
            sqlfiles.render("requests/counts", rows=script.work.rows, requests=job.requests))))  # fmt: skip
        to_ask = counts["to_ask"]
        self.warehouse.execute(ledger.event(
            "built", rows=counts["row_count"], skipped=counts["skipped"], requests=to_ask,
            distinct_requests=counts["distinct_requests"]))  # fmt: skip
        self._source.note_skipped(script, counts["row_count"], counts["skipped"])
        if not to_ask:
            self.warehouse.execute(*drop_job(ledger, job))
        return script, to_ask

    def _ask(self, script: Script, to_ask: int, claim: Claim) -> None:
        ledger, job = script.ledger, script.job()
        place = {"shard": job.shard, "attempt": job.attempt}
        self.warehouse.execute(ledger.event("intended", **place, job=job.name, requests=to_ask))
        self.watcher.progress(0, to_ask)
        state: JobState | None = None
        try:
            with self.warehouse.step():
                service_name = self.service.submit(job)
                self.warehouse.execute(ledger.event("submitted", **place, job=service_name))
            state = self._wait(job, to_ask, claim)
        except KeyboardInterrupt:
            self.service.cancel(job)
            state = JobState.CANCELLED
            raise
        finally:
            if state is not None:
                with self.warehouse.step():
                    self._collector.collect(script, job, self.prompt.output, state)

    def _wait(self, job: Job, total: int, claim: Claim) -> JobState:
        renewed, nth = time.monotonic(), 0
        while True:
            status = self.service.poll(job)
            if status.done is not None:
                self.watcher.progress(status.done, total)
            if not status.state.moving:
                if status.message:
                    self.watcher.note(f"{job.name}: {status.state.value.lower()}: {status.message}")
                if status.state.complete:
                    self.watcher.progress(total, total)
                return status.state
            if time.monotonic() - renewed > _RENEW_SECONDS:
                renewed, nth = time.monotonic(), nth + 1
                claim.renew(nth)
            time.sleep(self.service.poll_seconds)

    def _publish(self, script: Script, asked: int) -> RunResult:
        self.watcher.step("publishing")
        name = script.objects
        self.warehouse.execute(*script.publish())
        self.warehouse.set_descriptions(name.view, descriptions(self.prompt.output))
        wrong = list(self.warehouse.read(first("row_is_not_once_in_view", rows=name.rows, view=name.view)))
        if wrong:
            raise RunError(
                f"{wrong[0]['wrong']:,} rows are not exactly once in the view, such as key {key_text(wrong[0]['key'])}",
                "this is a defect of bqbatch; the working tables are kept",
            )
        result = self._result(script, asked)
        self.warehouse.execute(
            script.drop_rows(),
            script.ledger.event("finished", **result.as_json(), ok=result.outcomes.get("ok", 0)),
        )
        return result

    def _result(self, script: Script, asked: int) -> RunResult:
        summary = list(self.warehouse.read(
            sqlfiles.render("responses/summary", view=script.objects.view, run_id=script.run_id)))  # fmt: skip
        used = next(iter(self.warehouse.read(
            sqlfiles.render("usage/run", answers=script.objects.answers, run_id=script.run_id))))  # fmt: skip
        cost = used["cost_usd"]
        if cost is None and used["requests"] == 0:
            cost = 0
        return RunResult(
            run_id=script.run_id,
            name=script.prompt.name,
            target=self.project.target.name,
            model=script.model,
            rows=sum(row["row_count"] for row in summary),
            requests=asked,
            reused=sum(row["reused"] for row in summary),
            outcomes={row["outcome"]: row["row_count"] for row in summary},
            input_tokens=used["input_tokens"],
            output_tokens=used["output_tokens"],
            cost_usd=cost,
            view=script.objects.view.strip("`"),
        )

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
