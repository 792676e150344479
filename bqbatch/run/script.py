"""Every statement of a run, as values: `bqbatch compile` prints them, `bqbatch run` carries them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bqbatch import sqlfiles
from bqbatch.names import Dataset, PromptObjects, RunObjects, run_of
from bqbatch.prices import FREE, Price
from bqbatch.project import Project
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.prompt.output import OutputColumn
from bqbatch.run.ledger import PERMANENT, REHEARSED, WORKING, Ledger, new_run_id
from bqbatch.services import NOWHERE, Job, Span
from bqbatch.services.models import MOST_OUTPUT_TOKENS
from bqbatch.warehouses import Statement

LABEL = "bqbatch_prompt"
DEFAULT_ATTEMPTS = 3
_MOST_PARTITIONS, _PARTITION = 4_000, 10_000
"""What one job may write (https://cloud.google.com/bigquery/quotas), and the requests of each; those beyond share one."""


@dataclass(frozen=True, slots=True)
class Script:
    """The statements of one run that what the log tells is enough for; `model` is the one that answers.

    Each has a job id that only its run, step, shard and attempt make: whoever repeats one, in whatever process, takes
    over what the first came to. `shard_size` is None where the service takes all requests in one job. `online` says that
    requests are asked one by one, and not in a batch.
    """

    prompt: str
    dataset: Dataset
    run_id: str
    output: tuple[OutputColumn, ...]
    model: str
    max_attempts: int = DEFAULT_ATTEMPTS
    shard_size: int | None = None
    price: Price = FREE
    online: bool = False

    @property
    def objects(self) -> PromptObjects:
        return PromptObjects(self.dataset, self.prompt)

    @property
    def work(self) -> RunObjects:
        return RunObjects(self.dataset, self.run_id)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.dataset, self.run_id, self.prompt)

    def job(self, span: Span = NOWHERE, shard: int = 1, attempt: int = 1, sent_as: str | None = None) -> Job:
        """The batch prediction job of a shard and attempt; the only one of a run is given the queue itself."""
        whole = self.shard_size is None and attempt == 1
        requests = self.work.queue if whole else self.work.requests(shard, attempt)
        responses = self.work.responses(shard, attempt)
        return Job(self.run_id, self.prompt, shard, attempt, requests, responses, self.objects.answers, sent_as, span)

    def accounts(self) -> tuple[Statement, ...]:
        """Makes the prompt's append-only tables where they are not there."""
        return (
            self.create("answers", self.objects.answers, sqlfiles.render("ledger/answers"), "CREATE TABLE IF NOT EXISTS",
                        "CLUSTER BY request_hash "),
            self.create("keys", self.objects.keys, sqlfiles.render("ledger/keys"), "CREATE TABLE IF NOT EXISTS"),
        )  # fmt: skip

    def requests(self, job: Job) -> tuple[Statement, ...]:
        """Makes the request table of a job, where it is not the queue.

        It may take the place of one that a process left which did not live to log its intent: that may have ended elsewhere.
        """
        if job.requests == self.work.queue:
            return ()
        select = sqlfiles.render(
            "requests/shard", queue=self.work.queue, first=job.span.first if self.shard_size else None,
            last=job.span.last, run_id=self.run_id, answers=self.objects.answers if job.attempt > 1 else None,
        )  # fmt: skip
        step = f"requests_{job.shard}_{job.attempt}_{job.span.last}"
        return (self.create(step, job.requests, select, "CREATE OR REPLACE TABLE"),)

    def fitting(
        self, job: Job, ratio: Decimal, left: Decimal | None, tokens: int | None = None, size: int | None = None
    ) -> str:
        """The query for how many requests of a job fit into what is left at the worst: of USD, tokens of input, bytes of JSON."""
        return sqlfiles.render(
            "requests/fitting", queue=self.work.queue, first=job.span.first, last=job.span.last, run_id=self.run_id,
            answers=self.objects.answers if job.attempt > 1 else None, price=self.price,
            ratio=f"{ratio:f}", left=None if left is None else f"{left:f}", tokens=tokens, size=size,
        )  # fmt: skip

    def collect(self, job: Job, *, complete: bool, by: str = "") -> Statement:
        """Appends a job's answers, classified.

        That is once for a job that is over. From one that is not, `by` (a run) may bring home what is there already.
        """
        select = sqlfiles.render(
            "responses/answers", requests=job.requests, responses=job.responses, answers=job.answers, job=job.name,
            run_id=job.run_id, output=self.output, model="simulated" if self.dataset.rehearses else self.model,
            complete=complete, price=self.price,
        )  # fmt: skip
        step = f"collect_{job.shard}_{job.attempt}{f'_{by}' if by else ''}"
        return self.ledger.statement(step, f"INSERT INTO {job.answers}\n{select}")

    def publish(self) -> tuple[Statement, ...]:
        """Swaps the snapshot and the views, and keeps which request answered which row."""
        name = self.objects
        return (
            self.create("publish_rows", name.rows, sqlfiles.render("requests/published", rows=self.work.rows),
                        "CREATE OR REPLACE TABLE"),
            self.create("publish_view", name.view, sqlfiles.render(
                "responses/view", rows=name.rows, answers=name.answers, output=self.output, run_id=self.run_id,
            ), "CREATE OR REPLACE VIEW"),
            self.create("publish_errors", name.errors, sqlfiles.render("responses/errors", view=name.view),
                        "CREATE OR REPLACE VIEW"),
            self.create("publish_usage", name.usage, sqlfiles.render("usage/usage", answers=name.answers),
                        "CREATE OR REPLACE VIEW"),
            self.ledger.statement("publish_keys", f"INSERT INTO {name.keys}\n" + sqlfiles.render(
                "requests/keys", rows=self.work.rows, run_id=self.run_id)),
        )  # fmt: skip

    def drop_rows(self) -> Statement:
        """Drops the run's working rows."""
        return self.ledger.statement("drop_rows", f"DROP TABLE IF EXISTS {self.work.rows}")

    def drop_queue(self) -> Statement:
        """Drops the run's queue, from which its jobs are made and collected."""
        return self.ledger.statement("drop_queue", f"DROP TABLE IF EXISTS {self.work.queue}")

    def drop_job(self, job: Job) -> tuple[Statement, ...]:
        """Drops the working tables that only this job has."""
        made = [
            ("responses", job.responses),
            *([("requests", job.requests)] if job.requests != self.work.queue else []),
        ]
        return tuple(
            self.ledger.statement(f"drop_{what}_{job.shard}_{job.attempt}", f"DROP TABLE IF EXISTS {table}")
            for what, table in made
        )

    def checks(self) -> Iterator[str]:
        """The queries whose every row is an error, and those that count; none of them changes anything."""
        name, job = self.objects, self.job()
        yield first("key_is_null", rows=self.work.rows)
        yield first("key_is_repeated", rows=self.work.rows)
        yield sqlfiles.render("requests/skipped", rows=self.work.rows)
        yield first("response_was_not_asked", requests=job.requests, responses=job.responses)
        yield sqlfiles.render("usage/run", answers=name.answers, run_id=self.run_id, job=job.name)
        yield first("request_has_other_than_one_outcome", requests=job.requests, answers=name.answers, job=job.name)
        yield first("row_is_not_once_in_view", rows=name.rows, view=name.view)
        yield sqlfiles.render("responses/summary", view=name.view, run_id=self.run_id)
        yield sqlfiles.render("usage/run", answers=name.answers, run_id=self.run_id, job=None)

    def create(self, step: str, table: str, select: str, verb: str = "CREATE TABLE", clauses: str = "") -> Statement:
        """A statement that makes a table or view, labelled as the prompt's own."""
        expiration = PERMANENT if run_of(table.strip("`").rpartition(".")[2]) is None else WORKING
        if self.dataset.rehearses:
            expiration = REHEARSED
        options = f"OPTIONS ({expiration}, labels = [('{LABEL}', '{self.prompt}')])"
        return self.ledger.statement(step, f"{verb} {table}\n{clauses}{options} AS\n{select}")


def new_script(project: Project, prompt: CompiledPrompt, model: str, price: Price, *, online: bool = False) -> Script:
    """The script of a run that begins now."""
    return Script(
        prompt.name, project.target.dataset, new_run_id(), prompt.output, model,
        prompt.settings.max_attempts or DEFAULT_ATTEMPTS, project.target.shard_size, price, online,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Build:
    """The statements that only the prompt file can make: the working rows of a run, and the queue of its requests.

    `columns` are those of the SELECT; `retry` names outcomes that are asked again, beside what any run asks.
    """

    prompt: CompiledPrompt
    script: Script
    columns: tuple[str, ...]
    limit: int = 0
    full_refresh: bool = False
    retry: tuple[str, ...] = ()

    def rows(self) -> Statement:
        """Runs the source, once, into the run's working rows."""
        select = sqlfiles.render(
            "requests/rows", select=self.prompt.select, asked=self.prompt.asked_columns(self.columns),
            form=self.prompt.form(self.columns), envelope=self.prompt.envelope, model=self.script.model,
        )  # fmt: skip
        return self.script.create("build", self.script.work.rows, select)

    def queue(self) -> Statement:
        """Makes the queue: every request that is still to be asked, in its order where shards are cut of it."""
        script = self.script
        select = sqlfiles.render(
            "requests/queue", rows=script.work.rows, answers=script.objects.answers, form=self.prompt.form(self.columns),
            envelope=self.prompt.envelope, has_system="system" in self.prompt.asked_columns(self.columns),
            max_attempts=script.max_attempts, full_refresh=self.full_refresh, retry=self.retry, limit=self.limit,
            ranked=script.shard_size is not None, most=MOST_OUTPUT_TOKENS,
        )  # fmt: skip
        return script.create("queue", script.work.queue, select, clauses=self._partitions)

    @property
    def _partitions(self) -> str:
        bounds = f"GENERATE_ARRAY(1, {_MOST_PARTITIONS * _PARTITION}, {_PARTITION})"
        return f"PARTITION BY RANGE_BUCKET(position, {bounds})\n" if self.script.shard_size else ""

    def sample(self, size: int) -> Statement:
        """Leaves a sample in the queue: so many requests, from each stratum of lengths one."""
        script, ranked = self.script, self.script.shard_size is not None
        sample = sqlfiles.render("plan/sample", queue=script.work.queue, size=size)
        select = sqlfiles.render("requests/sampled", queue=script.work.queue, sample=sample, ranked=ranked)
        return script.create("sample", script.work.queue, select, "CREATE OR REPLACE TABLE", self._partitions)

    def counts(self) -> str:
        """The query for what the run has before it, and what it will ask."""
        script = self.script
        return sqlfiles.render(
            "requests/counts", rows=script.work.rows, queue=script.work.queue, answers=script.objects.answers,
            max_attempts=script.max_attempts, full_refresh=self.full_refresh, retry=self.retry, limit=self.limit,
        )  # fmt: skip


def first(check: str, limit: int = 3, **parameters: object) -> str:
    """The query for the first wrong rows of a check, with how many there are in all."""
    return sqlfiles.render("checks/first", check=sqlfiles.render(f"checks/{check}", **parameters), limit=limit)
