"""Every statement of a run, as values: `bqbatch compile` prints them, `bqbatch run` carries them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bqbatch import sqlfiles
from bqbatch.names import Dataset, PromptObjects, RunObjects, run_of
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.prompt.output import OutputColumn
from bqbatch.run.ledger import PERMANENT, WORKING, Ledger
from bqbatch.services import Job
from bqbatch.warehouses import Statement

LABEL = "bqbatch_prompt"
DEFAULT_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens; None where no price is known."""

    input: Decimal | None
    output: Decimal | None

    def sql(self) -> tuple[str, str]:
        """The two prices as GoogleSQL, NULL where unknown."""
        return tuple("NULL" if price is None else str(price) for price in (self.input, self.output))  # type: ignore[return-value]


FREE = Price(Decimal(0), Decimal(0))
UNKNOWN = Price(None, None)


@dataclass(frozen=True, slots=True)
class Script:
    """The statements of one run of one prompt. `columns` are those of the SELECT, `model` is the one that answers.

    `retry` names outcomes that are asked again, beside what any run asks.
    """

    prompt: CompiledPrompt
    dataset: Dataset
    run_id: str
    columns: tuple[str, ...]
    model: str
    limit: int = 0
    full_refresh: bool = False
    price: Price = FREE
    retry: tuple[str, ...] = ()

    @property
    def objects(self) -> PromptObjects:
        return PromptObjects(self.dataset, self.prompt.name)

    @property
    def work(self) -> RunObjects:
        return RunObjects(self.dataset, self.run_id)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.dataset, self.run_id, self.prompt.name)

    @property
    def max_attempts(self) -> int:
        return self.prompt.settings.max_attempts or DEFAULT_ATTEMPTS

    def job(self, shard: int = 1, attempt: int = 1) -> Job:
        """The batch prediction job of a shard and attempt."""
        requests, responses = self.work.requests(shard, attempt), self.work.responses(shard, attempt)
        return Job(self.run_id, self.prompt.name, shard, attempt, requests, responses, self.objects.answers)

    def build(self) -> Statement:
        """Runs the source, once, into the run's working rows."""
        asked = self.prompt.asked_columns(self.columns)
        select = sqlfiles.render(
            "requests/rows", select=self.prompt.select, asked=asked, form=self.prompt.form(self.columns),
            envelope=self.prompt.envelope, model=self.model,
        )  # fmt: skip
        return self._create("build", self.work.rows, select)

    def accounts(self) -> tuple[Statement, ...]:
        """Makes the prompt's append-only tables where they are not there."""
        return (
            self._create("answers", self.objects.answers, sqlfiles.render("ledger/answers"), "CREATE TABLE IF NOT EXISTS",
                         cluster="request_hash"),
            self._create("keys", self.objects.keys, sqlfiles.render("ledger/keys"), "CREATE TABLE IF NOT EXISTS"),
        )  # fmt: skip

    def requests(self, job: Job) -> Statement:
        """Makes the request table of a job: what is still to be asked."""
        select = sqlfiles.render(
            "requests/requests", rows=self.work.rows, answers=self.objects.answers, form=self.prompt.form(self.columns),
            envelope=self.prompt.envelope, has_system="system" in self.prompt.asked_columns(self.columns), max_attempts=self.max_attempts,
            full_refresh=self.full_refresh, retry=self.retry, limit=self.limit,
        )  # fmt: skip
        return self._create(f"requests_{job.shard}_{job.attempt}", job.requests, select)

    def publish(self) -> tuple[Statement, ...]:
        """Swaps the snapshot and the views, and keeps which request answered which row."""
        name = self.objects
        return (
            self._create("publish_rows", name.rows, sqlfiles.render("requests/published", rows=self.work.rows),
                         "CREATE OR REPLACE TABLE"),
            self._create("publish_view", name.view, sqlfiles.render(
                "responses/view", rows=name.rows, answers=name.answers, output=self.prompt.output, run_id=self.run_id,
            ), "CREATE OR REPLACE VIEW"),
            self._create("publish_errors", name.errors, sqlfiles.render("responses/errors", view=name.view),
                         "CREATE OR REPLACE VIEW"),
            self._create("publish_usage", name.usage, sqlfiles.render("usage/usage", answers=name.answers),
                         "CREATE OR REPLACE VIEW"),
            self.ledger.statement("publish_keys", f"INSERT INTO {name.keys}\n" + sqlfiles.render(
                "requests/keys", rows=self.work.rows, run_id=self.run_id)),
        )  # fmt: skip

    def drop_rows(self) -> Statement:
        """Drops the run's working rows."""
        return self.ledger.statement("drop_rows", f"DROP TABLE IF EXISTS {self.work.rows}")

    def checks(self) -> Iterator[str]:
        """The queries whose every row is an error, and those that count; none of them changes anything."""
        name, job = self.objects, self.job()
        yield first("key_is_null", rows=self.work.rows)
        yield first("key_is_repeated", rows=self.work.rows)
        yield sqlfiles.render("requests/counts", rows=self.work.rows, requests=job.requests)
        yield sqlfiles.render("requests/skipped", rows=self.work.rows)
        yield first("response_was_not_asked", requests=job.requests, responses=job.responses)
        yield first("request_has_other_than_one_outcome", requests=job.requests, answers=name.answers, job=job.name)
        yield first("row_is_not_once_in_view", rows=name.rows, view=name.view)
        yield sqlfiles.render("responses/summary", view=name.view, run_id=self.run_id)
        yield sqlfiles.render("usage/run", answers=name.answers, run_id=self.run_id)

    def _create(self, step: str, table: str, select: str, verb: str = "CREATE TABLE", cluster: str = "") -> Statement:
        expiration = PERMANENT if run_of(table.strip("`").rpartition(".")[2]) is None else WORKING
        options = f"OPTIONS ({expiration}, labels = [('{LABEL}', '{self.prompt.name}')])"
        clauses = f"{f'CLUSTER BY {cluster} ' if cluster else ''}{options}"
        return self.ledger.statement(step, f"{verb} {table}\n{clauses} AS\n{select}")


def first(check: str, limit: int = 3, **parameters: object) -> str:
    """The query for the first wrong rows of a check, with how many there are in all."""
    return sqlfiles.render("checks/first", check=sqlfiles.render(f"checks/{check}", **parameters), limit=limit)


def collect(
    ledger: Ledger,
    job: Job,
    output: tuple[OutputColumn, ...],
    model: str,
    *,
    complete: bool,
    price: Price,
    nth: int = 1,
) -> Statement:
    """Appends a job's answers, classified; repeated for a job that was not complete before, it adds what is new."""
    input_price, output_price = price.sql()
    select = sqlfiles.render(
        "responses/answers", requests=job.requests, responses=job.responses, answers=job.answers, run_id=job.run_id,
        job=job.name, output=output, model=model, complete=complete, input_price=input_price, output_price=output_price,
    )  # fmt: skip
    return ledger.statement(f"collect_{job.name}_{nth}", f"INSERT INTO {job.answers}\n{select}")


def drop_job(ledger: Ledger, job: Job) -> tuple[Statement, ...]:
    """Drops the working tables of a job."""
    return (
        ledger.statement(f"drop_requests_{job.name}", f"DROP TABLE IF EXISTS {job.requests}"),
        ledger.statement(f"drop_responses_{job.name}", f"DROP TABLE IF EXISTS {job.responses}"),
    )
