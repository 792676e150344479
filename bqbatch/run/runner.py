"""One run of one prompt: build, ask, collect, publish.

Kill the process at any point: answers that were stored are never asked again, and the next run first brings home
what earlier ones left behind (`settle`). Readers are not disturbed: only publish changes what they see.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bqbatch import sqlfiles
from bqbatch.errors import BqbatchError, Interrupted, Place, PromptError, RunError, WarehouseError
from bqbatch.names import PromptObjects, RunObjects
from bqbatch.project import Project
from bqbatch.prompt.compile import ASKED, CompiledPrompt, check_columns
from bqbatch.prompt.output import OutputColumn, parse_output
from bqbatch.prompt.source import File
from bqbatch.run.ledger import Claim, Ledger, new_run_id
from bqbatch.run.result import RunResult
from bqbatch.run.script import FREE, LABEL, Price, Script, collect, drop_job, first
from bqbatch.services import BatchService, Job, JobState
from bqbatch.values import as_text
from bqbatch.warehouses import Column, Result, Warehouse

_RENEW_SECONDS = 60
_KEY_TYPES = ("STRING", "INT64", "NUMERIC", "FLOAT64", "BOOL", "BYTES", "DATE", "DATETIME", "TIME", "TIMESTAMP")


class Watcher(Protocol):
    """Who is told how a run goes on."""

    def step(self, text: str) -> None:
        """A step begins."""

    def progress(self, done: int, total: int) -> None:
        """So many of the requests are answered."""

    def note(self, text: str) -> None:
        """Something the user should know."""


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
    price: Price = FREE

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
            self.service.model, self.limit, self.full_refresh, self.price,
        )  # fmt: skip
        claim = Claim(self.warehouse, script.objects, script.ledger)
        with self.warehouse.step():
            self.warehouse.execute(*script.ledger.setup())
            self._check_objects(script.objects)
            claim.take()
        try:
            with self.warehouse.step():
                self._settle(script)
            with self.warehouse.step():
                script, to_ask = self._build(script)
            if to_ask:
                self._ask(script, to_ask, claim)
            with self.warehouse.step():
                return self._publish(script, to_ask)
        except BqbatchError as error:
            with contextlib.suppress(WarehouseError):
                self._fail(script, error)
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
                full_refresh=self.full_refresh,
            ),
            *script.accounts(),
        )  # fmt: skip
        self.watcher.step("reading the source")
        for seed in self.prompt.seeds:
            with self._placed(seed_of=seed.place):
                self.warehouse.load(seed.path, seed.table)
        script = replace(script, columns=self._columns())
        with self._placed(statement=script.build().sql):
            self.warehouse.execute(script.build())
        self._check_keys(script)
        job = script.job()
        self.warehouse.execute(script.requests(job))
        counts = next(iter(self.warehouse.read(
            sqlfiles.render("requests/counts", rows=script.work.rows, requests=job.requests))))  # fmt: skip
        to_ask = counts["to_ask"]
        self.warehouse.execute(ledger.event(
            "built", rows=counts["row_count"], skipped=counts["skipped"], requests=to_ask,
            distinct_requests=counts["distinct_requests"]))  # fmt: skip
        self._note_skipped(script, counts["row_count"], counts["skipped"])
        if not to_ask:
            self.warehouse.execute(*drop_job(ledger, job))
        return script, to_ask

    def _columns(self) -> tuple[str, ...]:
        with self._placed(statement=self.prompt.select):
            columns = self.warehouse.dry_run(self.prompt.select).columns
        check_columns(self.prompt, tuple(column.name for column in columns))
        for column in columns:
            self._check_type(column)
        return tuple(column.name for column in columns)

    def _check_type(self, column: Column) -> None:
        name = column.name.lower()
        wanted = ASKED.get(name)
        if wanted and column.type != wanted:
            hint = f"CAST(… AS {wanted}) AS {name}"
            if column.type == ASKED["parts"]:
                hint = "a prompt with files in it is an array of parts: name it parts"
            elif name == "parts":
                hint = "make it with {% prompt %} … {{ file('{uri}', 'image/jpeg') }} … {% endprompt %} AS parts"
            elif wanted == "JSON":
                hint = f"PARSE_JSON(…, wide_number_mode => 'round') AS {name}"
            raise PromptError(f"`{name}` is {column.type}, not {wanted}", hint, self.prompt.place_of(name))
        if name == "key" and column.type not in _KEY_TYPES:
            raise PromptError(
                f"`key` is {column.type}: a key is one plain value",
                "name a column that tells rows apart, such as an id",
                self.prompt.place_of("key"),
            )

    def _check_keys(self, script: Script) -> None:
        for check, what in (("key_is_null", "is NULL"), ("key_is_repeated", "stands more than once")):
            wrong = self.warehouse.read(first(check, rows=script.work.rows))
            if not wrong.rows:
                continue
            found = list(wrong)
            shown = (
                ""
                if check == "key_is_null"
                else ": " + ", ".join(f"{_shown(row['key'])} ({row['times']} times)" for row in found)
            )
            number = found[0]["wrong"]
            things = (
                ("row's key" if number == 1 else "rows' key")
                if check == "key_is_null"
                else ("key" if number == 1 else "keys")
            )
            verb = what if number == 1 or check == "key_is_null" else what.replace("stands", "stand")
            raise RunError(
                f"{number:,} {things} {verb}{shown}",
                "give each row a key of its own; a duplicate text is asked once whatever its keys"
                if check == "key_is_repeated"
                else "leave such rows out: WHERE … IS NOT NULL",
                self.prompt.place_of("key"),
            )

    def _note_skipped(self, script: Script, rows: int, skipped: int) -> None:
        if rows == 0:
            self.watcher.note("the SELECT returned no rows")
        if not skipped:
            return
        for row in self.warehouse.read(sqlfiles.render("requests/skipped", rows=script.work.rows)):
            count = f"{row['skipped']:,} {'row is' if row['skipped'] == 1 else 'rows are'}"
            self.watcher.note(f"{count} skipped: `{row['null_column']}` is NULL ({{column|'…'}} gives a default)")

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
                    self._collect(script, job, self.prompt.output, state)

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

    def _collect(
        self, script: Script, job: Job, output: tuple[OutputColumn, ...], state: JobState, model: str = ""
    ) -> None:
        """Brings a job's answers home. A paused job stays open: a later run looks at it again."""
        ledger = Ledger(script.dataset, job.run_id, script.prompt.name)
        place = {"shard": job.shard, "attempt": job.attempt}
        table = self.service.collect(job)
        over = state != JobState.PAUSED
        events = [ledger.event("collected", **place, state=state.value)] if over else []
        if table is None:
            self.warehouse.execute(*events, *(drop_job(script.ledger, job) if over else ()))
            return
        self.watcher.step("reading the answers")
        unasked = list(self.warehouse.read(first("response_was_not_asked", requests=job.requests, responses=table)))
        if unasked:
            self.watcher.note(f"{unasked[0]['wrong']:,} responses have a key that was not asked; they are left out")
        self.warehouse.execute(
            collect(script.ledger, job, output, model or script.model, complete=state.complete, price=script.price),
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

    def _publish(self, script: Script, asked: int) -> RunResult:
        self.watcher.step("publishing")
        name = script.objects
        self.warehouse.execute(*script.publish())
        wrong = list(self.warehouse.read(first("row_is_not_once_in_view", rows=name.rows, view=name.view)))
        if wrong:
            raise RunError(
                f"{wrong[0]['wrong']:,} rows are not exactly once in the view, such as key {_shown(wrong[0]['key'])}",
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

    # What earlier runs left behind.

    def _settle(self, script: Script) -> None:
        """Collects the jobs nobody collected, then closes the runs that did not end."""
        for row in self._uncollected(script):
            work = RunObjects(script.dataset, row["run_id"])
            requests, responses = (
                work.requests(row["shard"], row["attempt"]),
                work.responses(row["shard"], row["attempt"]),
            )
            job = Job(row["run_id"], script.prompt.name, row["shard"], row["attempt"], requests, responses,
                      script.objects.answers)  # fmt: skip
            found = self.service.find(job) if self.warehouse.describe(requests) else None
            if found is None:
                self._collect_nothing(script, job)
                continue
            status = self.service.poll(job)
            if status.state.moving or status.state == JobState.PAUSED:
                self.service.cancel(job)
                status = replace(status, state=JobState.CANCELLED)
            self.watcher.note(f"collecting what run {job.run_id} left behind")
            self._collect(script, job, _read_output(row["output"]), status.state, row["model"])
        open_runs = self.warehouse.read(
            sqlfiles.render("ledger/open_runs", runs=script.dataset.runs), {"prompt": script.prompt.name}
        )
        for row in open_runs:
            if row["run_id"] == script.run_id:
                continue
            ledger = Ledger(script.dataset, row["run_id"], script.prompt.name)
            left = Script(self.prompt, script.dataset, row["run_id"], (), script.model)
            # All its jobs are collected: a table of one was built and not asked, or collected and not yet dropped.
            self.warehouse.execute(
                left.drop_rows(), *drop_job(script.ledger, left.job()), ledger.event("settled", by=script.run_id)
            )

    def _fail(self, script: Script, error: BqbatchError) -> None:
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

    @contextlib.contextmanager
    def _placed(self, statement: str = "", seed_of: Place | None = None) -> Iterator[None]:
        """Shows the warehouse's errors at the user's file, line and column."""
        try:
            yield
        except WarehouseError as error:
            if seed_of is not None:
                error.place = seed_of
            elif error.offset is not None:
                start = statement.find(self.prompt.select)
                inside = error.offset - start
                if 0 <= inside <= len(self.prompt.select):
                    error.place = self.prompt.source_map.place(inside)
            if error.place is None:
                whole = self.prompt.place_of("SELECT")
                places = map(self.prompt.place_of, re.findall(r"[\"'`](\w+)[\"'`]", error.message))
                error.place = next((place for place in places if place != whole), whole)
            error.hint = error.hint or f"see the SQL around it: bqbatch compile {shlex.quote(self.prompt.path)}"
            raise


def _shown(key: object) -> str:
    return repr(key) if isinstance(key, str) else as_text(key)


def _read_output(ddl: str | None) -> tuple[OutputColumn, ...]:
    return parse_output(ddl, File("", ddl, Path()).place) if ddl else ()
